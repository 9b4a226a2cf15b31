//! PKCS#12 files (RFC 7292) as OpenSSL, Windows and others write them.
