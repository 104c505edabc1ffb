// Original file: protos/gatehouse/v1/realtime.proto


export interface DisconnectRequest {
  'userId'?: (string);
  'connectionId'?: (string);
  'sessionId'?: (string);
  'code'?: (number);
  'reason'?: (string);
}

export interface DisconnectRequest__Output {
  'userId': (string);
  'connectionId': (string);
  'sessionId': (string);
  'code': (number);
  'reason': (string);
}
