// Original file: protos/gatehouse/v1/session.proto


export interface VerifyBatchRequest {
  'accessTokens'?: (string)[];
}

export interface VerifyBatchRequest__Output {
  'accessTokens': (string)[];
}
