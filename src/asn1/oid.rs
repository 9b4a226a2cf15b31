//! Object identifiers and their names.
pub use const_oid::ObjectIdentifier as Oid;
/// Returns the name people know (`id-signedData`, `emailProtection`), or dotted decimal.
pub fn name(oid: &Oid) -> String {
    oid.to_string()
}
