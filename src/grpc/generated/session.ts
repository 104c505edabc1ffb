import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { CaughtUp as _gatehouse_v1_CaughtUp, CaughtUp__Output as _gatehouse_v1_CaughtUp__Output } from './gatehouse/v1/CaughtUp.js';
import type { EndRequest as _gatehouse_v1_EndRequest, EndRequest__Output as _gatehouse_v1_EndRequest__Output } from './gatehouse/v1/EndRequest.js';
import type { EndResponse as _gatehouse_v1_EndResponse, EndResponse__Output as _gatehouse_v1_EndResponse__Output } from './gatehouse/v1/EndResponse.js';
import type { Heartbeat as _gatehouse_v1_Heartbeat, Heartbeat__Output as _gatehouse_v1_Heartbeat__Output } from './gatehouse/v1/Heartbeat.js';
import type { Principal as _gatehouse_v1_Principal, Principal__Output as _gatehouse_v1_Principal__Output } from './gatehouse/v1/Principal.js';
import type { Revocation as _gatehouse_v1_Revocation, Revocation__Output as _gatehouse_v1_Revocation__Output } from './gatehouse/v1/Revocation.js';
import type { RevocationBatch as _gatehouse_v1_RevocationBatch, RevocationBatch__Output as _gatehouse_v1_RevocationBatch__Output } from './gatehouse/v1/RevocationBatch.js';
import type { SessionServiceClient as _gatehouse_v1_SessionServiceClient, SessionServiceDefinition as _gatehouse_v1_SessionServiceDefinition } from './gatehouse/v1/SessionService.js';
import type { VerifyBatchRequest as _gatehouse_v1_VerifyBatchRequest, VerifyBatchRequest__Output as _gatehouse_v1_VerifyBatchRequest__Output } from './gatehouse/v1/VerifyBatchRequest.js';
import type { VerifyBatchResponse as _gatehouse_v1_VerifyBatchResponse, VerifyBatchResponse__Output as _gatehouse_v1_VerifyBatchResponse__Output } from './gatehouse/v1/VerifyBatchResponse.js';
import type { VerifyRequest as _gatehouse_v1_VerifyRequest, VerifyRequest__Output as _gatehouse_v1_VerifyRequest__Output } from './gatehouse/v1/VerifyRequest.js';
import type { VerifyResponse as _gatehouse_v1_VerifyResponse, VerifyResponse__Output as _gatehouse_v1_VerifyResponse__Output } from './gatehouse/v1/VerifyResponse.js';
import type { WatchRevocationsRequest as _gatehouse_v1_WatchRevocationsRequest, WatchRevocationsRequest__Output as _gatehouse_v1_WatchRevocationsRequest__Output } from './gatehouse/v1/WatchRevocationsRequest.js';
import type { WatchRevocationsResponse as _gatehouse_v1_WatchRevocationsResponse, WatchRevocationsResponse__Output as _gatehouse_v1_WatchRevocationsResponse__Output } from './gatehouse/v1/WatchRevocationsResponse.js';
import type { WatchStarted as _gatehouse_v1_WatchStarted, WatchStarted__Output as _gatehouse_v1_WatchStarted__Output } from './gatehouse/v1/WatchStarted.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from './google/protobuf/Timestamp.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  gatehouse: {
    v1: {
      CaughtUp: MessageTypeDefinition<_gatehouse_v1_CaughtUp, _gatehouse_v1_CaughtUp__Output>
      EndRequest: MessageTypeDefinition<_gatehouse_v1_EndRequest, _gatehouse_v1_EndRequest__Output>
      EndResponse: MessageTypeDefinition<_gatehouse_v1_EndResponse, _gatehouse_v1_EndResponse__Output>
      Heartbeat: MessageTypeDefinition<_gatehouse_v1_Heartbeat, _gatehouse_v1_Heartbeat__Output>
      Principal: MessageTypeDefinition<_gatehouse_v1_Principal, _gatehouse_v1_Principal__Output>
      Revocation: MessageTypeDefinition<_gatehouse_v1_Revocation, _gatehouse_v1_Revocation__Output>
      RevocationBatch: MessageTypeDefinition<_gatehouse_v1_RevocationBatch, _gatehouse_v1_RevocationBatch__Output>
      SessionService: SubtypeConstructor<typeof grpc.Client, _gatehouse_v1_SessionServiceClient> & { service: _gatehouse_v1_SessionServiceDefinition }
      VerifyBatchRequest: MessageTypeDefinition<_gatehouse_v1_VerifyBatchRequest, _gatehouse_v1_VerifyBatchRequest__Output>
      VerifyBatchResponse: MessageTypeDefinition<_gatehouse_v1_VerifyBatchResponse, _gatehouse_v1_VerifyBatchResponse__Output>
      VerifyRequest: MessageTypeDefinition<_gatehouse_v1_VerifyRequest, _gatehouse_v1_VerifyRequest__Output>
      VerifyResponse: MessageTypeDefinition<_gatehouse_v1_VerifyResponse, _gatehouse_v1_VerifyResponse__Output>
      WatchRevocationsRequest: MessageTypeDefinition<_gatehouse_v1_WatchRevocationsRequest, _gatehouse_v1_WatchRevocationsRequest__Output>
      WatchRevocationsResponse: MessageTypeDefinition<_gatehouse_v1_WatchRevocationsResponse, _gatehouse_v1_WatchRevocationsResponse__Output>
      WatchStarted: MessageTypeDefinition<_gatehouse_v1_WatchStarted, _gatehouse_v1_WatchStarted__Output>
    }
  }
  google: {
    protobuf: {
      Timestamp: MessageTypeDefinition<_google_protobuf_Timestamp, _google_protobuf_Timestamp__Output>
    }
  }
}

