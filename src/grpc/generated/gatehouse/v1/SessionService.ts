// Original file: protos/gatehouse/v1/session.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { VerifyRequest as _gatehouse_v1_VerifyRequest, VerifyRequest__Output as _gatehouse_v1_VerifyRequest__Output } from '../../gatehouse/v1/VerifyRequest.js';
import type { VerifyResponse as _gatehouse_v1_VerifyResponse, VerifyResponse__Output as _gatehouse_v1_VerifyResponse__Output } from '../../gatehouse/v1/VerifyResponse.js';

export interface SessionServiceClient extends grpc.Client {
  Verify(argument: _gatehouse_v1_VerifyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_VerifyResponse__Output>): grpc.ClientUnaryCall;
  Verify(argument: _gatehouse_v1_VerifyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gatehouse_v1_VerifyResponse__Output>): grpc.ClientUnaryCall;
  Verify(argument: _gatehouse_v1_VerifyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_VerifyResponse__Output>): grpc.ClientUnaryCall;
  Verify(argument: _gatehouse_v1_VerifyRequest, callback: grpc.requestCallback<_gatehouse_v1_VerifyResponse__Output>): grpc.ClientUnaryCall;
  verify(argument: _gatehouse_v1_VerifyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_VerifyResponse__Output>): grpc.ClientUnaryCall;
  verify(argument: _gatehouse_v1_VerifyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_gatehouse_v1_VerifyResponse__Output>): grpc.ClientUnaryCall;
  verify(argument: _gatehouse_v1_VerifyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_gatehouse_v1_VerifyResponse__Output>): grpc.ClientUnaryCall;
  verify(argument: _gatehouse_v1_VerifyRequest, callback: grpc.requestCallback<_gatehouse_v1_VerifyResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface SessionServiceHandlers extends grpc.UntypedServiceImplementation {
  Verify: grpc.handleUnaryCall<_gatehouse_v1_VerifyRequest__Output, _gatehouse_v1_VerifyResponse>;
  
}

export interface SessionServiceDefinition extends grpc.ServiceDefinition {
  Verify: MethodDefinition<_gatehouse_v1_VerifyRequest, _gatehouse_v1_VerifyResponse, _gatehouse_v1_VerifyRequest__Output, _gatehouse_v1_VerifyResponse__Output>
}
