// Original file: protos/gatehouse/v1/session.proto


export interface EndResponse {
  'ended'?: (number);
  'connectionsClosed'?: (number);
  'processesAsked'?: (number);
  'processesAnswered'?: (number);
}

export interface EndResponse__Output {
  'ended': (number);
  'connectionsClosed': (number);
  'processesAsked': (number);
  'processesAnswered': (number);
}
