// cbor-x takes nothing for none, and does in JavaScript what its native part would do.
module.exports = undefined;
