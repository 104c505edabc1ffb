// Original file: protos/gatehouse/v1/realtime.proto


export interface ClientInfo {
  'connectionId'?: (string);
  'userId'?: (string);
  'connectionInfo'?: (string);
  'channelInfo'?: (string);
}

export interface ClientInfo__Output {
  'connectionId': (string);
  'userId': (string);
  'connectionInfo': (string);
  'channelInfo': (string);
}
