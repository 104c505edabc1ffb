// Original file: protos/hello/hello.proto


export interface HelloRequest {
  'id'?: (number);
}

export interface HelloRequest__Output {
  'id': (number);
}
