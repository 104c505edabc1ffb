// Original file: protos/gatehouse/v1/realtime.proto


export interface Failure {
  'code'?: (string);
  'reason'?: (string);
  'message'?: (string);
}

export interface Failure__Output {
  'code': (string);
  'reason': (string);
  'message': (string);
}
