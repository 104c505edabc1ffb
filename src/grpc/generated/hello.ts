import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { HelloRequest as _hello_HelloRequest, HelloRequest__Output as _hello_HelloRequest__Output } from './hello/HelloRequest.js';
import type { HelloResponse as _hello_HelloResponse, HelloResponse__Output as _hello_HelloResponse__Output } from './hello/HelloResponse.js';
import type { HelloServiceClient as _hello_HelloServiceClient, HelloServiceDefinition as _hello_HelloServiceDefinition } from './hello/HelloService.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  hello: {
    HelloRequest: MessageTypeDefinition<_hello_HelloRequest, _hello_HelloRequest__Output>
    HelloResponse: MessageTypeDefinition<_hello_HelloResponse, _hello_HelloResponse__Output>
    HelloService: SubtypeConstructor<typeof grpc.Client, _hello_HelloServiceClient> & { service: _hello_HelloServiceDefinition }
  }
}

