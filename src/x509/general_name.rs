//! GeneralName (RFC 5280 §4.2.1.6): every form typed or kept opaque; rfc822Name and SmtpUTF8Mailbox (RFC 9598) as addresses.
