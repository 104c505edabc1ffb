// Original file: protos/gatehouse/v1/session.proto


export interface Principal {
  'userId'?: (string);
  'role'?: (string);
  'sessionId'?: (string);
  'clientId'?: (string);
}

export interface Principal__Output {
  'userId': (string);
  'role': (string);
  'sessionId': (string);
  'clientId': (string);
}
