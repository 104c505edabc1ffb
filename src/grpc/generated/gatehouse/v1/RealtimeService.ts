// Original file: protos/gatehouse/v1/realtime.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { BroadcastRequest as _gatehouse_v1_BroadcastRequest, BroadcastRequest__Output as _gatehouse_v1_BroadcastRequest__Output } from '../../gatehouse/v1/BroadcastRequest.js';
import type { BroadcastResponse as _gatehouse_v1_BroadcastResponse, BroadcastResponse__Output as _gatehouse_v1_BroadcastResponse__Output } from '../../gatehouse/v1/BroadcastResponse.js';
import type { DisconnectRequest as _gatehouse_v1_DisconnectRequest, DisconnectRequest__Output as _gatehouse_v1_DisconnectRequest__Output } from '../../gatehouse/v1/DisconnectRequest.js';
import type { DisconnectResponse as _gatehouse_v1_DisconnectResponse, DisconnectResponse__Output as _gatehouse_v1_DisconnectResponse__Output } from '../../gatehouse/v1/DisconnectResponse.js';
import type { HistoryRequest as _gatehouse_v1_HistoryRequest, HistoryRequest__Output as _gatehouse_v1_HistoryRequest__Output } from '../../gatehouse/v1/HistoryRequest.js';
import type { HistoryResponse as _gatehouse_v1_HistoryResponse, HistoryResponse__Output as _gatehouse_v1_HistoryResponse__Output } from '../../gatehouse/v1/HistoryResponse.js';
import type { PresenceRequest as _gatehouse_v1_PresenceRequest, PresenceRequest__Output as _gatehouse_v1_PresenceRequest__Output } from '../../gatehouse/v1/PresenceRequest.js';
import type { PresenceResponse as _gatehouse_v1_PresenceResponse, PresenceResponse__Output as _gatehouse_v1_PresenceResponse__Output } from '../../gatehouse/v1/PresenceResponse.js';
import type { PublishRequest as _gatehouse_v1_PublishRequest, PublishRequest__Output as _gatehouse_v1_PublishRequest__Output } from '../../gatehouse/v1/PublishRequest.js';
import type { PublishResponse as _gatehouse_v1_PublishResponse, PublishResponse__Output as _gatehouse_v1_PublishResponse__Output } from '../../gatehouse/v1/PublishResponse.js';

export interface RealtimeServiceClient extends grpc.Client {
  Broadcast(argument: _gatehouse_v1_BroadcastRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_BroadcastResponse__Output>): grpc.ClientUnaryCall;
  Broadcast(argument: _gatehouse_v1_BroadcastRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gatehouse_v1_BroadcastResponse__Output>): grpc.ClientUnaryCall;
  Broadcast(argument: _gatehouse_v1_BroadcastRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_BroadcastResponse__Output>): grpc.ClientUnaryCall;
  Broadcast(argument: _gatehouse_v1_BroadcastRequest, callback: grpc.requestCallback<_gatehouse_v1_BroadcastResponse__Output>): grpc.ClientUnaryCall;
  broadcast(argument: _gatehouse_v1_BroadcastRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_BroadcastResponse__Output>): grpc.ClientUnaryCall;
  broadcast(argument: _gatehouse_v1_BroadcastRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gatehouse_v1_BroadcastResponse__Output>): grpc.ClientUnaryCall;
  broadcast(argument: _gatehouse_v1_BroadcastRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_BroadcastResponse__Output>): grpc.ClientUnaryCall;
  broadcast(argument: _gatehouse_v1_BroadcastRequest, callback: grpc.requestCallback<_gatehouse_v1_BroadcastResponse__Output>): grpc.ClientUnaryCall;
  
  Disconnect(argument: _gatehouse_v1_DisconnectRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_DisconnectResponse__Output>): grpc.ClientUnaryCall;
  Disconnect(argument: _gatehouse_v1_DisconnectRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gatehouse_v1_DisconnectResponse__Output>): grpc.ClientUnaryCall;
  Disconnect(argument: _gatehouse_v1_DisconnectRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_DisconnectResponse__Output>): grpc.ClientUnaryCall;
  Disconnect(argument: _gatehouse_v1_DisconnectRequest, callback: grpc.requestCallback<_gatehouse_v1_DisconnectResponse__Output>): grpc.ClientUnaryCall;
  disconnect(argument: _gatehouse_v1_DisconnectRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_DisconnectResponse__Output>): grpc.ClientUnaryCall;
  disconnect(argument: _gatehouse_v1_DisconnectRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gatehouse_v1_DisconnectResponse__Output>): grpc.ClientUnaryCall;
  disconnect(argument: _gatehouse_v1_DisconnectRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_DisconnectResponse__Output>): grpc.ClientUnaryCall;
  disconnect(argument: _gatehouse_v1_DisconnectRequest, callback: grpc.requestCallback<_gatehouse_v1_DisconnectResponse__Output>): grpc.ClientUnaryCall;
  
  History(argument: _gatehouse_v1_HistoryRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_HistoryResponse__Output>): grpc.ClientUnaryCall;
  History(argument: _gatehouse_v1_HistoryRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gatehouse_v1_HistoryResponse__Output>): grpc.ClientUnaryCall;
  History(argument: _gatehouse_v1_HistoryRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_HistoryResponse__Output>): grpc.ClientUnaryCall;
  History(argument: _gatehouse_v1_HistoryRequest, callback: grpc.requestCallback<_gatehouse_v1_HistoryResponse__Output>): grpc.ClientUnaryCall;
  history(argument: _gatehouse_v1_HistoryRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_HistoryResponse__Output>): grpc.ClientUnaryCall;
  history(argument: _gatehouse_v1_HistoryRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gatehouse_v1_HistoryResponse__Output>): grpc.ClientUnaryCall;
  history(argument: _gatehouse_v1_HistoryRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_HistoryResponse__Output>): grpc.ClientUnaryCall;
  history(argument: _gatehouse_v1_HistoryRequest, callback: grpc.requestCallback<_gatehouse_v1_HistoryResponse__Output>): grpc.ClientUnaryCall;
  
  Presence(argument: _gatehouse_v1_PresenceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_PresenceResponse__Output>): grpc.ClientUnaryCall;
  Presence(argument: _gatehouse_v1_PresenceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gatehouse_v1_PresenceResponse__Output>): grpc.ClientUnaryCall;
  Presence(argument: _gatehouse_v1_PresenceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_PresenceResponse__Output>): grpc.ClientUnaryCall;
  Presence(argument: _gatehouse_v1_PresenceRequest, callback: grpc.requestCallback<_gatehouse_v1_PresenceResponse__Output>): grpc.ClientUnaryCall;
  presence(argument: _gatehouse_v1_PresenceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_PresenceResponse__Output>): grpc.ClientUnaryCall;
  presence(argument: _gatehouse_v1_PresenceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gatehouse_v1_PresenceResponse__Output>): grpc.ClientUnaryCall;
  presence(argument: _gatehouse_v1_PresenceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_PresenceResponse__Output>): grpc.ClientUnaryCall;
  presence(argument: _gatehouse_v1_PresenceRequest, callback: grpc.requestCallback<_gatehouse_v1_PresenceResponse__Output>): grpc.ClientUnaryCall;
  
  Publish(argument: _gatehouse_v1_PublishRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_PublishResponse__Output>): grpc.ClientUnaryCall;
  Publish(argument: _gatehouse_v1_PublishRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gatehouse_v1_PublishResponse__Output>): grpc.ClientUnaryCall;
  Publish(argument: _gatehouse_v1_PublishRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_PublishResponse__Output>): grpc.ClientUnaryCall;
  Publish(argument: _gatehouse_v1_PublishRequest, callback: grpc.requestCallback<_gatehouse_v1_PublishResponse__Output>): grpc.ClientUnaryCall;
  publish(argument: _gatehouse_v1_PublishRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_PublishResponse__Output>): grpc.ClientUnaryCall;
  publish(argument: _gatehouse_v1_PublishRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gatehouse_v1_PublishResponse__Output>): grpc.ClientUnaryCall;
  publish(argument: _gatehouse_v1_PublishRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_PublishResponse__Output>): grpc.ClientUnaryCall;
  publish(argument: _gatehouse_v1_PublishRequest, callback: grpc.requestCallback<_gatehouse_v1_PublishResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface RealtimeServiceHandlers extends grpc.UntypedServiceImplementation {
  Broadcast: grpc.handleUnaryCall<_gatehouse_v1_BroadcastRequest__Output, _gatehouse_v1_BroadcastResponse>;
  
  Disconnect: grpc.handleUnaryCall<_gatehouse_v1_DisconnectRequest__Output, _gatehouse_v1_DisconnectResponse>;
  
  History: grpc.handleUnaryCall<_gatehouse_v1_HistoryRequest__Output, _gatehouse_v1_HistoryResponse>;
  
  Presence: grpc.handleUnaryCall<_gatehouse_v1_PresenceRequest__Output, _gatehouse_v1_PresenceResponse>;
  
  Publish: grpc.handleUnaryCall<_gatehouse_v1_PublishRequest__Output, _gatehouse_v1_PublishResponse>;
  
}

export interface RealtimeServiceDefinition extends grpc.ServiceDefinition {
  Broadcast: MethodDefinition<_gatehouse_v1_BroadcastRequest, _gatehouse_v1_BroadcastResponse, _gatehouse_v1_BroadcastRequest__Output, _gatehouse_v1_BroadcastResponse__Output>
  Disconnect: MethodDefinition<_gatehouse_v1_DisconnectRequest, _gatehouse_v1_DisconnectResponse, _gatehouse_v1_DisconnectRequest__Output, _gatehouse_v1_DisconnectResponse__Output>
  History: MethodDefinition<_gatehouse_v1_HistoryRequest, _gatehouse_v1_HistoryResponse, _gatehouse_v1_HistoryRequest__Output, _gatehouse_v1_HistoryResponse__Output>
  Presence: MethodDefinition<_gatehouse_v1_PresenceRequest, _gatehouse_v1_PresenceResponse, _gatehouse_v1_PresenceRequest__Output, _gatehouse_v1_PresenceResponse__Output>
  Publish: MethodDefinition<_gatehouse_v1_PublishRequest, _gatehouse_v1_PublishResponse, _gatehouse_v1_PublishRequest__Output, _gatehouse_v1_PublishResponse__Output>
}
