// Original file: protos/hello/hello.proto


export interface HelloResponse {
  'id'?: (number);
  'name'?: (string);
}

export interface HelloResponse__Output {
  'id': (number);
  'name': (string);
}
