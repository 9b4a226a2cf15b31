//! What an entity means: which layer of protection it is, and how one is peeled while it flows (RFC 8551 §3).
