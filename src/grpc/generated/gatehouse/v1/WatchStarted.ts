// Original file: protos/gatehouse/v1/session.proto


export interface WatchStarted {
  'snapshot'?: (boolean);
  'rememberSeconds'?: (number);
  'heartbeatIntervalMs'?: (number);
}

export interface WatchStarted__Output {
  'snapshot': (boolean);
  'rememberSeconds': (number);
  'heartbeatIntervalMs': (number);
}
