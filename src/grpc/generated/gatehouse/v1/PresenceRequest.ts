// Original file: protos/gatehouse/v1/realtime.proto


export interface PresenceRequest {
  'channel'?: (string);
}

export interface PresenceRequest__Output {
  'channel': (string);
}
