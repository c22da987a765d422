/** The first byte of a packet: its type in the upper half [MQTT-2.2.1], the flags of a PUBLISH in the lower one [MQTT-3.3.1]. */
export const TYPE = 0xf0;
export const PUBLISH = 0x30;
export const PUBACK = 0x40;
export const DUP = 0x08;
export const RETAIN = 0x01;
