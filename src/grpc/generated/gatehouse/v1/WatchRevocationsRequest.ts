// Original file: protos/gatehouse/v1/session.proto


export interface WatchRevocationsRequest {
  'resumeAfter'?: (string);
}

export interface WatchRevocationsRequest__Output {
  'resumeAfter': (string);
}
