// Original file: protos/gatehouse/v1/session.proto


export interface VerifyRequest {
  'accessToken'?: (string);
}

export interface VerifyRequest__Output {
  'accessToken': (string);
}
