import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { BroadcastOutcome as _gatehouse_v1_BroadcastOutcome, BroadcastOutcome__Output as _gatehouse_v1_BroadcastOutcome__Output } from './gatehouse/v1/BroadcastOutcome.js';
import type { BroadcastRequest as _gatehouse_v1_BroadcastRequest, BroadcastRequest__Output as _gatehouse_v1_BroadcastRequest__Output } from './gatehouse/v1/BroadcastRequest.js';
import type { BroadcastResponse as _gatehouse_v1_BroadcastResponse, BroadcastResponse__Output as _gatehouse_v1_BroadcastResponse__Output } from './gatehouse/v1/BroadcastResponse.js';
import type { ClientInfo as _gatehouse_v1_ClientInfo, ClientInfo__Output as _gatehouse_v1_ClientInfo__Output } from './gatehouse/v1/ClientInfo.js';
import type { DeliveryReceipt as _gatehouse_v1_DeliveryReceipt, DeliveryReceipt__Output as _gatehouse_v1_DeliveryReceipt__Output } from './gatehouse/v1/DeliveryReceipt.js';
import type { DisconnectRequest as _gatehouse_v1_DisconnectRequest, DisconnectRequest__Output as _gatehouse_v1_DisconnectRequest__Output } from './gatehouse/v1/DisconnectRequest.js';
import type { DisconnectResponse as _gatehouse_v1_DisconnectResponse, DisconnectResponse__Output as _gatehouse_v1_DisconnectResponse__Output } from './gatehouse/v1/DisconnectResponse.js';
import type { Failure as _gatehouse_v1_Failure, Failure__Output as _gatehouse_v1_Failure__Output } from './gatehouse/v1/Failure.js';
import type { HistoryRequest as _gatehouse_v1_HistoryRequest, HistoryRequest__Output as _gatehouse_v1_HistoryRequest__Output } from './gatehouse/v1/HistoryRequest.js';
import type { HistoryResponse as _gatehouse_v1_HistoryResponse, HistoryResponse__Output as _gatehouse_v1_HistoryResponse__Output } from './gatehouse/v1/HistoryResponse.js';
import type { PresenceRequest as _gatehouse_v1_PresenceRequest, PresenceRequest__Output as _gatehouse_v1_PresenceRequest__Output } from './gatehouse/v1/PresenceRequest.js';
import type { PresenceResponse as _gatehouse_v1_PresenceResponse, PresenceResponse__Output as _gatehouse_v1_PresenceResponse__Output } from './gatehouse/v1/PresenceResponse.js';
import type { Processes as _gatehouse_v1_Processes, Processes__Output as _gatehouse_v1_Processes__Output } from './gatehouse/v1/Processes.js';
import type { Publication as _gatehouse_v1_Publication, Publication__Output as _gatehouse_v1_Publication__Output } from './gatehouse/v1/Publication.js';
import type { PublishRequest as _gatehouse_v1_PublishRequest, PublishRequest__Output as _gatehouse_v1_PublishRequest__Output } from './gatehouse/v1/PublishRequest.js';
import type { PublishResponse as _gatehouse_v1_PublishResponse, PublishResponse__Output as _gatehouse_v1_PublishResponse__Output } from './gatehouse/v1/PublishResponse.js';
import type { RealtimeServiceClient as _gatehouse_v1_RealtimeServiceClient, RealtimeServiceDefinition as _gatehouse_v1_RealtimeServiceDefinition } from './gatehouse/v1/RealtimeService.js';
import type { StreamPosition as _gatehouse_v1_StreamPosition, StreamPosition__Output as _gatehouse_v1_StreamPosition__Output } from './gatehouse/v1/StreamPosition.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  gatehouse: {
    v1: {
      BroadcastOutcome: MessageTypeDefinition<_gatehouse_v1_BroadcastOutcome, _gatehouse_v1_BroadcastOutcome__Output>
      BroadcastRequest: MessageTypeDefinition<_gatehouse_v1_BroadcastRequest, _gatehouse_v1_BroadcastRequest__Output>
      BroadcastResponse: MessageTypeDefinition<_gatehouse_v1_BroadcastResponse, _gatehouse_v1_BroadcastResponse__Output>
      ClientInfo: MessageTypeDefinition<_gatehouse_v1_ClientInfo, _gatehouse_v1_ClientInfo__Output>
      DeliveryReceipt: MessageTypeDefinition<_gatehouse_v1_DeliveryReceipt, _gatehouse_v1_DeliveryReceipt__Output>
      DisconnectRequest: MessageTypeDefinition<_gatehouse_v1_DisconnectRequest, _gatehouse_v1_DisconnectRequest__Output>
      DisconnectResponse: MessageTypeDefinition<_gatehouse_v1_DisconnectResponse, _gatehouse_v1_DisconnectResponse__Output>
      Failure: MessageTypeDefinition<_gatehouse_v1_Failure, _gatehouse_v1_Failure__Output>
      HistoryRequest: MessageTypeDefinition<_gatehouse_v1_HistoryRequest, _gatehouse_v1_HistoryRequest__Output>
      HistoryResponse: MessageTypeDefinition<_gatehouse_v1_HistoryResponse, _gatehouse_v1_HistoryResponse__Output>
      PresenceRequest: MessageTypeDefinition<_gatehouse_v1_PresenceRequest, _gatehouse_v1_PresenceRequest__Output>
      PresenceResponse: MessageTypeDefinition<_gatehouse_v1_PresenceResponse, _gatehouse_v1_PresenceResponse__Output>
      Processes: MessageTypeDefinition<_gatehouse_v1_Processes, _gatehouse_v1_Processes__Output>
      Publication: MessageTypeDefinition<_gatehouse_v1_Publication, _gatehouse_v1_Publication__Output>
      PublishRequest: MessageTypeDefinition<_gatehouse_v1_PublishRequest, _gatehouse_v1_PublishRequest__Output>
      PublishResponse: MessageTypeDefinition<_gatehouse_v1_PublishResponse, _gatehouse_v1_PublishResponse__Output>
      RealtimeService: SubtypeConstructor<typeof grpc.Client, _gatehouse_v1_RealtimeServiceClient> & { service: _gatehouse_v1_RealtimeServiceDefinition }
      Receipt: EnumTypeDefinition
      StreamPosition: MessageTypeDefinition<_gatehouse_v1_StreamPosition, _gatehouse_v1_StreamPosition__Output>
    }
  }
}

