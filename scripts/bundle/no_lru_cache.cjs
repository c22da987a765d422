// Topic aliases are of MQTT 5: mqtt.js keeps some, in this class, for none of our connections.
exports.LRUCache = undefined;
