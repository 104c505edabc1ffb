// Original file: protos/gatehouse/v1/session.proto


export interface Heartbeat {
}

export interface Heartbeat__Output {
}
