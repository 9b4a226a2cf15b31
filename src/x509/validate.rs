//! The validation of one path (RFC 5280 §6.1).
