// Original file: protos/gatehouse/v1/session.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { EndRequest as _gatehouse_v1_EndRequest, EndRequest__Output as _gatehouse_v1_EndRequest__Output } from '../../gatehouse/v1/EndRequest.js';
import type { EndResponse as _gatehouse_v1_EndResponse, EndResponse__Output as _gatehouse_v1_EndResponse__Output } from '../../gatehouse/v1/EndResponse.js';
import type { VerifyBatchRequest as _gatehouse_v1_VerifyBatchRequest, VerifyBatchRequest__Output as _gatehouse_v1_VerifyBatchRequest__Output } from '../../gatehouse/v1/VerifyBatchRequest.js';
import type { VerifyBatchResponse as _gatehouse_v1_VerifyBatchResponse, VerifyBatchResponse__Output as _gatehouse_v1_VerifyBatchResponse__Output } from '../../gatehouse/v1/VerifyBatchResponse.js';
import type { VerifyRequest as _gatehouse_v1_VerifyRequest, VerifyRequest__Output as _gatehouse_v1_VerifyRequest__Output } from '../../gatehouse/v1/VerifyRequest.js';
import type { VerifyResponse as _gatehouse_v1_VerifyResponse, VerifyResponse__Output as _gatehouse_v1_VerifyResponse__Output } from '../../gatehouse/v1/VerifyResponse.js';
import type { WatchRevocationsRequest as _gatehouse_v1_WatchRevocationsRequest, WatchRevocationsRequest__Output as _gatehouse_v1_WatchRevocationsRequest__Output } from '../../gatehouse/v1/WatchRevocationsRequest.js';
import type { WatchRevocationsResponse as _gatehouse_v1_WatchRevocationsResponse, WatchRevocationsResponse__Output as _gatehouse_v1_WatchRevocationsResponse__Output } from '../../gatehouse/v1/WatchRevocationsResponse.js';

export interface SessionServiceClient extends grpc.Client {
  End(argument: _gatehouse_v1_EndRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_EndResponse__Output>): grpc.ClientUnaryCall;
  End(argument: _gatehouse_v1_EndRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gatehouse_v1_EndResponse__Output>): grpc.ClientUnaryCall;
  End(argument: _gatehouse_v1_EndRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_EndResponse__Output>): grpc.ClientUnaryCall;
  End(argument: _gatehouse_v1_EndRequest, callback: grpc.requestCallback<_gatehouse_v1_EndResponse__Output>): grpc.ClientUnaryCall;
  end(argument: _gatehouse_v1_EndRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_EndResponse__Output>): grpc.ClientUnaryCall;
  end(argument: _gatehouse_v1_EndRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gatehouse_v1_EndResponse__Output>): grpc.ClientUnaryCall;
  end(argument: _gatehouse_v1_EndRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_EndResponse__Output>): grpc.ClientUnaryCall;
  end(argument: _gatehouse_v1_EndRequest, callback: grpc.requestCallback<_gatehouse_v1_EndResponse__Output>): grpc.ClientUnaryCall;
  
  Verify(argument: _gatehouse_v1_VerifyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_VerifyResponse__Output>): grpc.ClientUnaryCall;
  Verify(argument: _gatehouse_v1_VerifyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gatehouse_v1_VerifyResponse__Output>): grpc.ClientUnaryCall;
  Verify(argument: _gatehouse_v1_VerifyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_VerifyResponse__Output>): grpc.ClientUnaryCall;
  Verify(argument: _gatehouse_v1_VerifyRequest, callback: grpc.requestCallback<_gatehouse_v1_VerifyResponse__Output>): grpc.ClientUnaryCall;
  verify(argument: _gatehouse_v1_VerifyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_VerifyResponse__Output>): grpc.ClientUnaryCall;
  verify(argument: _gatehouse_v1_VerifyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gatehouse_v1_VerifyResponse__Output>): grpc.ClientUnaryCall;
  verify(argument: _gatehouse_v1_VerifyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_VerifyResponse__Output>): grpc.ClientUnaryCall;
  verify(argument: _gatehouse_v1_VerifyRequest, callback: grpc.requestCallback<_gatehouse_v1_VerifyResponse__Output>): grpc.ClientUnaryCall;
  
  VerifyBatch(argument: _gatehouse_v1_VerifyBatchRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_VerifyBatchResponse__Output>): grpc.ClientUnaryCall;
  VerifyBatch(argument: _gatehouse_v1_VerifyBatchRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gatehouse_v1_VerifyBatchResponse__Output>): grpc.ClientUnaryCall;
  VerifyBatch(argument: _gatehouse_v1_VerifyBatchRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_VerifyBatchResponse__Output>): grpc.ClientUnaryCall;
  VerifyBatch(argument: _gatehouse_v1_VerifyBatchRequest, callback: grpc.requestCallback<_gatehouse_v1_VerifyBatchResponse__Output>): grpc.ClientUnaryCall;
  verifyBatch(argument: _gatehouse_v1_VerifyBatchRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_VerifyBatchResponse__Output>): grpc.ClientUnaryCall;
  verifyBatch(argument: _gatehouse_v1_VerifyBatchRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gatehouse_v1_VerifyBatchResponse__Output>): grpc.ClientUnaryCall;
  verifyBatch(argument: _gatehouse_v1_VerifyBatchRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_VerifyBatchResponse__Output>): grpc.ClientUnaryCall;
  verifyBatch(argument: _gatehouse_v1_VerifyBatchRequest, callback: grpc.requestCallback<_gatehouse_v1_VerifyBatchResponse__Output>): grpc.ClientUnaryCall;
  
  WatchRevocations(argument: _gatehouse_v1_WatchRevocationsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_gatehouse_v1_WatchRevocationsResponse__Output>;
  WatchRevocations(argument: _gatehouse_v1_WatchRevocationsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_gatehouse_v1_WatchRevocationsResponse__Output>;
  watchRevocations(argument: _gatehouse_v1_WatchRevocationsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_gatehouse_v1_WatchRevocationsResponse__Output>;
  watchRevocations(argument: _gatehouse_v1_WatchRevocationsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_gatehouse_v1_WatchRevocationsResponse__Output>;
  
}

export interface SessionServiceHandlers extends grpc.UntypedServiceImplementation {
  End: grpc.handleUnaryCall<_gatehouse_v1_EndRequest__Output, _gatehouse_v1_EndResponse>;
  
  Verify: grpc.handleUnaryCall<_gatehouse_v1_VerifyRequest__Output, _gatehouse_v1_VerifyResponse>;
  
  VerifyBatch: grpc.handleUnaryCall<_gatehouse_v1_VerifyBatchRequest__Output, _gatehouse_v1_VerifyBatchResponse>;
  
  WatchRevocations: grpc.handleServerStreamingCall<_gatehouse_v1_WatchRevocationsRequest__Output, _gatehouse_v1_WatchRevocationsResponse>;
  
}

export interface SessionServiceDefinition extends grpc.ServiceDefinition {
  End: MethodDefinition<_gatehouse_v1_EndRequest, _gatehouse_v1_EndResponse, _gatehouse_v1_EndRequest__Output, _gatehouse_v1_EndResponse__Output>
  Verify: MethodDefinition<_gatehouse_v1_VerifyRequest, _gatehouse_v1_VerifyResponse, _gatehouse_v1_VerifyRequest__Output, _gatehouse_v1_VerifyResponse__Output>
  VerifyBatch: MethodDefinition<_gatehouse_v1_VerifyBatchRequest, _gatehouse_v1_VerifyBatchResponse, _gatehouse_v1_VerifyBatchRequest__Output, _gatehouse_v1_VerifyBatchResponse__Output>
  WatchRevocations: MethodDefinition<_gatehouse_v1_WatchRevocationsRequest, _gatehouse_v1_WatchRevocationsResponse, _gatehouse_v1_WatchRevocationsRequest__Output, _gatehouse_v1_WatchRevocationsResponse__Output>
}
