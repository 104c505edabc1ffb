import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { Principal as _gatehouse_v1_Principal, Principal__Output as _gatehouse_v1_Principal__Output } from './gatehouse/v1/Principal.js';
import type { SessionServiceClient as _gatehouse_v1_SessionServiceClient, SessionServiceDefinition as _gatehouse_v1_SessionServiceDefinition } from './gatehouse/v1/SessionService.js';
import type { VerifyRequest as _gatehouse_v1_VerifyRequest, VerifyRequest__Output as _gatehouse_v1_VerifyRequest__Output } from './gatehouse/v1/VerifyRequest.js';
import type { VerifyResponse as _gatehouse_v1_VerifyResponse, VerifyResponse__Output as _gatehouse_v1_VerifyResponse__Output } from './gatehouse/v1/VerifyResponse.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from './google/protobuf/Timestamp.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  gatehouse: {
    v1: {
      Principal: MessageTypeDefinition<_gatehouse_v1_Principal, _gatehouse_v1_Principal__Output>
      SessionService: SubtypeConstructor<typeof grpc.Client, _gatehouse_v1_SessionServiceClient> & { service: _gatehouse_v1_SessionServiceDefinition }
      VerifyRequest: MessageTypeDefinition<_gatehouse_v1_VerifyRequest, _gatehouse_v1_VerifyRequest__Output>
      VerifyResponse: MessageTypeDefinition<_gatehouse_v1_VerifyResponse, _gatehouse_v1_VerifyResponse__Output>
    }
  }
  google: {
    protobuf: {
      Timestamp: MessageTypeDefinition<_google_protobuf_Timestamp, _google_protobuf_Timestamp__Output>
    }
  }
}

