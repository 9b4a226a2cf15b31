//! Name constraints (RFC 5280 §4.2.1.10).
