// Original file: protos/gatehouse/v1/session.proto


export interface EndRequest {
  'sessionId'?: (string);
  'userId'?: (string);
  'reason'?: (string);
  'target'?: "sessionId"|"userId";
}

export interface EndRequest__Output {
  'sessionId'?: (string);
  'userId'?: (string);
  'reason': (string);
}
