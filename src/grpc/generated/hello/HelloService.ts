// Original file: protos/hello/hello.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { HelloRequest as _hello_HelloRequest, HelloRequest__Output as _hello_HelloRequest__Output } from '../hello/HelloRequest.js';
import type { HelloResponse as _hello_HelloResponse, HelloResponse__Output as _hello_HelloResponse__Output } from '../hello/HelloResponse.js';

export interface HelloServiceClient extends grpc.Client {
  SayHello(argument: _hello_HelloRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hello_HelloResponse__Output>): grpc.ClientUnaryCall;
  SayHello(argument: _hello_HelloRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hello_HelloResponse__Output>): grpc.ClientUnaryCall;
  SayHello(argument: _hello_HelloRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hello_HelloResponse__Output>): grpc.ClientUnaryCall;
  SayHello(argument: _hello_HelloRequest, callback: grpc.requestCallback<_hello_HelloResponse__Output>): grpc.ClientUnaryCall;
  sayHello(argument: _hello_HelloRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_hello_HelloResponse__Output>): grpc.ClientUnaryCall;
  sayHello(argument: _hello_HelloRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_hello_HelloResponse__Output>): grpc.ClientUnaryCall;
  sayHello(argument: _hello_HelloRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_hello_HelloResponse__Output>): grpc.ClientUnaryCall;
  sayHello(argument: _hello_HelloRequest, callback: grpc.requestCallback<_hello_HelloResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface HelloServiceHandlers extends grpc.UntypedServiceImplementation {
  SayHello: grpc.handleUnaryCall<_hello_HelloRequest__Output, _hello_HelloResponse>;
  
}

export interface HelloServiceDefinition extends grpc.ServiceDefinition {
  SayHello: MethodDefinition<_hello_HelloRequest, _hello_HelloResponse, _hello_HelloRequest__Output, _hello_HelloResponse__Output>
}
