//! Keys, certificates and messages that OpenSSL 3.0 made (and Bouncy Castle where it says so), for the unit tests of this room. The content is "Hello, world\r\n"; the script that made
//! them is in the comment of each.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use crate::{
    asn1::{Tag, normal, write},
    crypto::SoftwareKey,
    encoding::base64,
    x509::Certificate,
};
use std::io::Read;

/// What the messages hold.
pub(super) const CONTENT: &[u8] = b"Hello, world\r\n";

/// A certificate and its key.
pub(super) struct Identity {
    pub(super) certificate: Certificate,
    pub(super) key: SoftwareKey,
}

/// Returns the octets of a constant of this file.
pub(super) fn octets(base64: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut decoder = base64::Decoder::new(base64.as_bytes());
    decoder.read_to_end(&mut octets).unwrap();
    octets
}

/// Parses one of the identities below.
pub(super) fn identity((certificate, key): (&str, &str)) -> Identity {
    Identity {
        certificate: Certificate::from_der(&octets(certificate)).unwrap(),
        key: SoftwareKey::from_pkcs8(&octets(key)).unwrap(),
    }
}

/// Returns P256's certificate under names and serial numbers as no one should issue them but some did.
pub(super) fn odd_certificates() -> Vec<Certificate> {
    let attribute = |kind: u8, tag: u8, text: &[u8]| {
        write::sequence(&[&[6, 3, 0x55, 4, kind], &write::tlv(Tag(tag), text)])
    };
    let name = |attributes: &[&[u8]]| write::sequence(&[&write::constructed(Tag::SET, attributes)]);
    let unit = attribute(11, 0x0c, b"a unit");
    let common = attribute(3, 0x13, b"B");
    let fine = name(&[&common]);
    let unsorted = name(&[&unit, &common]);
    let universal = name(&[&attribute(3, 0x1c, &[0, 0, 0, b'B'])]);
    [
        (&fine, &[1][..]),
        (&fine, &[0x7f; 22]),
        (&fine, &[0, 1]),
        (&fine, &[0x80, 1]),
        (&unsorted, &[1]),
        (&unsorted, &[0x7f; 40]),
        (&universal, &[1]),
    ]
    .into_iter()
    .map(|(issuer, serial)| {
        let der = octets(P256.0);
        let mut parts = normal::children(&der, 64).unwrap();
        let mut fields = normal::children(parts[0], 64).unwrap();
        let serial = write::tlv(Tag::INTEGER, serial);
        (fields[1], fields[3]) = (&serial, issuer);
        let tbs = write::sequence(&fields);
        parts[0] = &tbs;
        Certificate::from_der(&write::sequence(&parts)).unwrap()
    })
    .collect()
}

/// `openssl req -x509 -subj /CN=rsa`
pub(super) const RSA: (&str, &str) = (
    "\
     MIIC8DCCAdigAwIBAgIFAIA/I7QwDQYJKoZIhvcNAQELBQAwDjEMMAoGA1UEAwwDcnNhMCAXDTI2MTEyMzIyMzcxMVoYDzIxMjYxMDMwMjIzNzExWjAOMQww
     CgYDVQQDDANyc2EwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEKAoIBAQCW5JWlFxra4exEacBaIsQdoKmUeGMN7J+DflcARy1E8ogSjAfiSNA6B3BN1IEo
     +1Jh8TVsOQaORqQsDBi263ezXPSXulXIMtDbv63ZsXeV5cnzI2DGzCnAO9WO7zhY/RqF2JfA/mI5YwT2/1MmbiC7pSEnQvFGDcCA52jZJXXTsKVBB1Hhumr1
     uEtzpuL1K67A8gYMBDanyTJJnTkrvlXVRTGmDXg/bLjf5O+j6UgbQ06n0RH2SZF402kv6devT5cqZ6ftX8Wwioh2UvkLIdh3G6+Pgwss7y0y6NvYR5SRoI+4
     oOlzijKQGv4aliGdNRyRJBE1eAAFWH4pT0MvVckTAgMBAAGjUzBRMB8GA1UdIwQYMBaAFDuOMGSz9KsNah7C93JWTN+WpX0yMA8GA1UdEwEB/wQFMAMBAf8w
     HQYDVR0OBBYEFDuOMGSz9KsNah7C93JWTN+WpX0yMA0GCSqGSIb3DQEBCwUAA4IBAQAlep8D9J3hRwEafOcnK4oVLwsG57CP+98b8/cVzvU/GLWADazInsuh
     437HnGQsQ4VNG7sazZ13qN9+24kR6Q8hNgA5wsaFhTvwqkeWTXq0O/IMREl9uIEkknF01G+3Urpv92tye41Tn+c1VS/0qMbpLvbWggOtcCCE5+EH8L78aFZ9
     RITILURhzvOy4wtj+5It+dKBZbGN9ryHHNqMztI3Hp4BFYA030PwXUHxf+MAfbEPkkhtiTqN35sK6qjewZem48joZNyI67mmQaI7MaOWIacFekZCgSVo5fYP
     +8hjy286y+98O49aAFY0I5hOpjbc2Pmh5sQqA1wdk2K/DnVQ",
    "\
     MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCW5JWlFxra4exEacBaIsQdoKmUeGMN7J+DflcARy1E8ogSjAfiSNA6B3BN1IEo+1Jh8TVs
     OQaORqQsDBi263ezXPSXulXIMtDbv63ZsXeV5cnzI2DGzCnAO9WO7zhY/RqF2JfA/mI5YwT2/1MmbiC7pSEnQvFGDcCA52jZJXXTsKVBB1Hhumr1uEtzpuL1
     K67A8gYMBDanyTJJnTkrvlXVRTGmDXg/bLjf5O+j6UgbQ06n0RH2SZF402kv6devT5cqZ6ftX8Wwioh2UvkLIdh3G6+Pgwss7y0y6NvYR5SRoI+4oOlzijKQ
     Gv4aliGdNRyRJBE1eAAFWH4pT0MvVckTAgMBAAECggEARyVDK6KPvnl8kas9DyLKTl/k5US4C6Ywder5cX+d6B7kqr4Mr5R+XYYJXSEfvyd0qgp1km/219mV
     6dDQTFsMxuzCxNGORcUz9hDUE0saY/qDNFlPdZxo6SMtJ+ZCLq80NLyxnMU0ofM+sYkkdv/A/ki3L5BgO5QbWowBwzTm7+bmOuCU88rA5WWbgeuqxjpKNFc7
     swrm10Z+nyay2Jt1nq9PA7mJR012E65T/oKOB+0McoAcadqakyBaLbrs3THXRDtL6jt3kq3I0K2itFxzXwmw8J8yLEE2zPq/ByBX2fz/WK8vCpN3BEyO7VYZ
     qBbMlrbUQhkqZj+A+SsuTpU/3QKBgQDIo0BMpSVjVe5FMEInMSxpfZSOAoOGtOPYQUYdUiRnpy1+yiIjOZ+AakDg8c4D82k9MkVcbT6x1U97JNKVpVMH2Rnh
     4DdWL9/Fmv1ED+GBfxRFANkNzybPmJhnp2BFRtAaO3QSRIR8HBx3a1Owz31yRKgt4snoOt9kn4Sy6fgPVQKBgQDAh29tnsY6BctAWuMn2zwuDoauOpnR3E8k
     uUgCkRy212xZgS9vpIExeXG9NY35qQNaCEdoMKhQ1p6uwIQChhF7qWGwUP1S5gwsFJtmAPy23BWVS5PxGe+5v0z8lzUrSuxZwSvVBOx9Qw5gfkOL9HkyjFBR
     t3N6oKg0WJETl85mxwKBgQC2BvZVExdikhmECA5chE5ovphCZqFxWzfDgSTdgSKqL5AlEbn6/1JoLP4Dlx1zlCiMbsli23If4QklDflH7x/vZNYIiWVq+jAo
     lT7luwq6c9Kt7+D8mE371dOfZsj+0QoIYpwh3qvb9Z0V8veQ2A5V11hFmRXZbWAzaE36DC8TqQKBgBC4spjWvWi0sB56xlfj1qo5YMEpHcr4U3dhEDwI1nGa
     7DIp4jDUHNRrM9G3IQmaAEyFg44tC7FZspaC6fQ+KK6Q24cwwY+9ozkA4S5Oz6QiIU3CLqs2EXgUgV8+0sNb0oNJH8F0mAWZGVqQHNW++ffF8APo5wKziWhi
     eNc2zBppAoGAKE6koUewmd1+IMkFyEpJ3LgW6dh/iYwZEK0JaxLg8fWvY2DzwFS2reKB2ZcuU21mzkUXmb5Kts6EF052meFxMd8LW1hojKvOisDCQxr4+Jbq
     8WFvg1MIkqHl+DOEejljb3Gb/ue6a1G3GiDsqtAI2FrgyA3rzZI3wuKtzwQ+a6E=",
);

/// `openssl req -x509 -subj /CN=p256`
pub(super) const P256: (&str, &str) = (
    "\
     MIIBZTCCAQygAwIBAgIFAIB86OUwCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEcDI1NjAgFw0yNjExMjMyMjM3MTFaGA8yMTI2MTAzMDIyMzcxMVowDzENMAsG
     A1UEAwwEcDI1NjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCTKD0flOp756622zwJbPq0hBDFOaa+9qZyvfsOJx0GfYLqOE6jQfbCGvk4epd9yCPzU0zf5
     3O5ABoypn/5M1CmjUzBRMB8GA1UdIwQYMBaAFG5f+jAFMXC/mlwJ3/qESoRtyVF3MA8GA1UdEwEB/wQFMAMBAf8wHQYDVR0OBBYEFG5f+jAFMXC/mlwJ3/qE
     SoRtyVF3MAoGCCqGSM49BAMCA0cAMEQCIEGaJKTIUJHkXsNlyyLa6LC2bVrwKG3aOHgXLfQ6XkuWAiBGlPlgHSq+ytDKaalBXxOLkhKA+70unDCXsfxCcV+g
     mg==",
    "\
     MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgFDzj/A/3kaRBTWqzLjy0/KOgvHscUkoQfRL09h+0XYOhRANCAAQkyg9H5Tqe+eutts8CWz6t
     IQQxTmmvvamcr37DicdBn2C6jhOo0H2whr5OHqXfcgj81NM3+dzuQAaMqZ/+TNQp",
);

/// `openssl req -x509 -subj /CN=p384`
pub(super) const P384: (&str, &str) = (
    "\
     MIIBpDCCASmgAwIBAgIFAICQK7wwCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEcDM4NDAgFw0yNjExMjMyMjM3MTFaGA8yMTI2MTAzMDIyMzcxMVowDzENMAsG
     A1UEAwwEcDM4NDB2MBAGByqGSM49AgEGBSuBBAAiA2IABKxDk305bKiKbp2uC9hexzJAOyz+3J/Z5zhhvPVJ+S4DdXUqT88bVUP2GVNhIE9t/cE01d20GYrp
     WmuDIVNSsO5n8rOiPA4QwdhFx9s877caPvsVS2qghI59NYA4EGn0VKNTMFEwHwYDVR0jBBgwFoAUaNM3qVeRx5TXmHgQXLr5aeRAnaQwDwYDVR0TAQH/BAUw
     AwEB/zAdBgNVHQ4EFgQUaNM3qVeRx5TXmHgQXLr5aeRAnaQwCgYIKoZIzj0EAwIDaQAwZgIxAOtA2wDFj9oj7/jotApmhmTTXxjETnfVatdO4zMghV1zBBDM
     lJhf0La5yZ8LGB/rQwIxAMkKkwIvd3OR6IKDjwj9BnHyef6JIDnfETH5dhgOPGKziYZKhIChEV7fDqms/Lu6+g==",
    "\
     MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDDlbopvE3K1WOXKjTkotieT+JZxGpgHQSwMTBYLeOnj29eCSTIIKGnE9Spu2BXN+f+hZANiAASs
     Q5N9OWyoim6drgvYXscyQDss/tyf2ec4Ybz1SfkuA3V1Kk/PG1VD9hlTYSBPbf3BNNXdtBmK6VprgyFTUrDuZ/KzojwOEMHYRcfbPO+3Gj77FUtqoISOfTWA
     OBBp9FQ=",
);

/// `openssl req -x509 -subj /CN=p521`
pub(super) const P521: (&str, &str) = (
    "\
     MIIB7jCCAU+gAwIBAgIFAIBGySMwCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEcDUyMTAgFw0yNjExMjMyMjM3MTFaGA8yMTI2MTAzMDIyMzcxMVowDzENMAsG
     A1UEAwwEcDUyMTCBmzAQBgcqhkjOPQIBBgUrgQQAIwOBhgAEARJZxPKDCydT4+dE8V8yIZV+RLdhqzRKAdvKQUt3fRKfJCIb0F+1yVhDv+SCW5iXKONjF5i3
     qJMpfApxTtNSLJKDAZi3tvz2mnruM+UlJ9ymXRNqX3FC9T8KLZPC19/A+58UeR9hEjwsmj0WwoQDpWUgsvLNs6q7RCWehk1IiTL3ZL72o1MwUTAfBgNVHSME
     GDAWgBR3cFonLPZRdm2eJLqjumQEsvT/IDAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBR3cFonLPZRdm2eJLqjumQEsvT/IDAKBggqhkjOPQQDAgOBjAAw
     gYgCQgFyuTOyu/0DDzfrc/Wqlk2rPN5VGUA3gQBw+x6eb8USXnqw6neVyBFt+LNujvSQ+r6Kv9IAGK7qh44FpetzU3S0LwJCATZyyfY1QCUxwnl1hnUomi/w
     K30ktTFA/8bguQ7fxqnBwj7foPiLR8rRzp55SbNmzbuuLN4tmvamwqC5IvRo7HXb",
    "\
     MIHuAgEAMBAGByqGSM49AgEGBSuBBAAjBIHWMIHTAgEBBEIACYjgXSMK/K4SUHpuN+EMkaMBh2aOAZZdoKry9wfRKrD/W4Gc9Fajv2bgefiPR1QWjt0o+KJH
     VUs7O67LYUtTm4ehgYkDgYYABAESWcTygwsnU+PnRPFfMiGVfkS3Yas0SgHbykFLd30SnyQiG9BftclYQ7/kgluYlyjjYxeYt6iTKXwKcU7TUiySgwGYt7b8
     9pp67jPlJSfcpl0Tal9xQvU/Ci2TwtffwPufFHkfYRI8LJo9FsKEA6VlILLyzbOqu0QlnoZNSIky92S+9g==",
);

/// `openssl req -x509 -subj /CN=ed25519`
pub(super) const ED25519: (&str, &str) = (
    "\
     MIIBKzCB3qADAgECAgUAgOh3BTAFBgMrZXAwEjEQMA4GA1UEAwwHZWQyNTUxOTAgFw0yNjExMjMyMjM3MTFaGA8yMTI2MTAzMDIyMzcxMVowEjEQMA4GA1UE
     AwwHZWQyNTUxOTAqMAUGAytlcAMhALny2Lz4TpNQ4KNJ9N8XWzwkmTJK7rSpAdfAJNPRjoeDo1MwUTAfBgNVHSMEGDAWgBSTimB2AJVHOmNE46TxstCQu+vq
     uTAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBSTimB2AJVHOmNE46TxstCQu+vquTAFBgMrZXADQQAG7a0iUJ9HJIE7Jxk62hRLyn3LSqnzuldZLrunn5NH
     hsKgBOZVBN+VUfSbB2XHW5Qmd8B/jOw4JNLGJNUeSE8B",
    "\
     MC4CAQAwBQYDK2VwBCIEIIFX9Kb7xCx0okyiODngid+JZSxd4Jadv4RGUJ/Y0M4r",
);

/// `openssl req -x509 -subj /CN=x25519`
pub(super) const X25519: (&str, &str) = (
    "\
     MIHLMH8CAQcwBQYDK2VwMBIxEDAOBgNVBAMMB2VkMjU1MTkwIBcNMjYxMTIzMjIzNzExWhgPMjEyNjEwMzAyMjM3MTFaMBExDzANBgNVBAMMBngyNTUxOTAq
     MAUGAytlbgMhAKpVsaBEKqE2EN8HLfjqUk4mbQSkN7Ats2QBcHBLPEVyMAUGAytlcANBAGuoMLcb59KOJ7ygpUdeKDaHHZLF7+8O++SZXN+VWBn324Cfw/Ka
     7FuCM5lxcpmyI0rkYXGDrH/s9FhoyJcDMwE=",
    "\
     MC4CAQAwBQYDK2VuBCIEIOhzjqO1h2+16AZ0Uq4geMqxrnvo73MCK+At2FreFr5I",
);

/// `openssl cms -sign -nodetach, P-256`
pub(super) const OPAQUE: &str = "\
     MIIDHwYJKoZIhvcNAQcCoIIDEDCCAwwCAQExDTALBglghkgBZQMEAgEwHQYJKoZIhvcNAQcBoBAEDkhlbGxvLCB3b3JsZA0KoIIBaTCCAWUwggEMoAMCAQIC
     BQCAfOjlMAoGCCqGSM49BAMCMA8xDTALBgNVBAMMBHAyNTYwIBcNMjYxMTIzMjIzNzExWhgPMjEyNjEwMzAyMjM3MTFaMA8xDTALBgNVBAMMBHAyNTYwWTAT
     BgcqhkjOPQIBBggqhkjOPQMBBwNCAAQkyg9H5Tqe+eutts8CWz6tIQQxTmmvvamcr37DicdBn2C6jhOo0H2whr5OHqXfcgj81NM3+dzuQAaMqZ/+TNQpo1Mw
     UTAfBgNVHSMEGDAWgBRuX/owBTFwv5pcCd/6hEqEbclRdzAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBRuX/owBTFwv5pcCd/6hEqEbclRdzAKBggqhkjO
     PQQDAgNHADBEAiBBmiSkyFCR5F7DZcsi2uiwtm1a8Cht2jh4Fy30Ol5LlgIgRpT5YB0qvsrQymmpQV8Ti5ISgPu9Lpwwl7H8QnFfoJoxggFqMIIBZgIBATAY
     MA8xDTALBgNVBAMMBHAyNTYCBQCAfOjlMAsGCWCGSAFlAwQCAaCB5DAYBgkqhkiG9w0BCQMxCwYJKoZIhvcNAQcBMBwGCSqGSIb3DQEJBTEPFw0yNjExMjMy
     MjM3MTFaMC8GCSqGSIb3DQEJBDEiBCBwHoAusuFzEQbIw2A4fOacG+ZGc8Jb+7d5tlSp0KIeRDB5BgkqhkiG9w0BCQ8xbDBqMAsGCWCGSAFlAwQBKjALBglg
     hkgBZQMEARYwCwYJYIZIAWUDBAECMAoGCCqGSIb3DQMHMA4GCCqGSIb3DQMCAgIAgDANBggqhkiG9w0DAgIBQDAHBgUrDgMCBzANBggqhkiG9w0DAgIBKDAK
     BggqhkjOPQQDAgRHMEUCIE08vOUarGHYyq/g096MsKXT3rt/J1kvCgrJ1po44VW4AiEAjGGZPaeGs3WOMwiVCSLonT4SPh1m4cvkW0iYNJarPI4=";

/// `openssl cms -sign -nodetach -stream -indef, P-256`
pub(super) const OPAQUE_STREAM: &str = "\
     MIAGCSqGSIb3DQEHAqCAMIACAQExDTALBglghkgBZQMEAgEwgAYJKoZIhvcNAQcBoIAkgAQOSGVsbG8sIHdvcmxkDQoAAAAAAACgggFpMIIBZTCCAQygAwIB
     AgIFAIB86OUwCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEcDI1NjAgFw0yNjExMjMyMjM3MTFaGA8yMTI2MTAzMDIyMzcxMVowDzENMAsGA1UEAwwEcDI1NjBZ
     MBMGByqGSM49AgEGCCqGSM49AwEHA0IABCTKD0flOp756622zwJbPq0hBDFOaa+9qZyvfsOJx0GfYLqOE6jQfbCGvk4epd9yCPzU0zf53O5ABoypn/5M1Cmj
     UzBRMB8GA1UdIwQYMBaAFG5f+jAFMXC/mlwJ3/qESoRtyVF3MA8GA1UdEwEB/wQFMAMBAf8wHQYDVR0OBBYEFG5f+jAFMXC/mlwJ3/qESoRtyVF3MAoGCCqG
     SM49BAMCA0cAMEQCIEGaJKTIUJHkXsNlyyLa6LC2bVrwKG3aOHgXLfQ6XkuWAiBGlPlgHSq+ytDKaalBXxOLkhKA+70unDCXsfxCcV+gmjGCAWkwggFlAgEB
     MBgwDzENMAsGA1UEAwwEcDI1NgIFAIB86OUwCwYJYIZIAWUDBAIBoIHkMBgGCSqGSIb3DQEJAzELBgkqhkiG9w0BBwEwHAYJKoZIhvcNAQkFMQ8XDTI2MTEy
     MzIyMzcxMVowLwYJKoZIhvcNAQkEMSIEIHAegC6y4XMRBsjDYDh85pwb5kZzwlv7t3m2VKnQoh5EMHkGCSqGSIb3DQEJDzFsMGowCwYJYIZIAWUDBAEqMAsG
     CWCGSAFlAwQBFjALBglghkgBZQMEAQIwCgYIKoZIhvcNAwcwDgYIKoZIhvcNAwICAgCAMA0GCCqGSIb3DQMCAgFAMAcGBSsOAwIHMA0GCCqGSIb3DQMCAgEo
     MAoGCCqGSM49BAMCBEYwRAIgQxDfVNcLHYYvto3UmhNDBHJbk7npNq9vIZJxMFBgnu8CIFpZ1wxaMfZI/v5luEEjdghAmwO6BgKhB4SnTIyX/OZ7AAAAAAAA";

/// `openssl cms -sign -nodetach -noattr -nocerts -keyid, P-256`
pub(super) const NOATTR_KEYID: &str = "\
     MIHCBgkqhkiG9w0BBwKggbQwgbECAQMxDTALBglghkgBZQMEAgEwHQYJKoZIhvcNAQcBoBAEDkhlbGxvLCB3b3JsZA0KMX4wfAIBA4AUbl/6MAUxcL+aXAnf
     +oRKhG3JUXcwCwYJYIZIAWUDBAIBMAoGCCqGSM49BAMCBEgwRgIhALy5utdMB/NdxOUnTHhRATcQIIUnEqvXFcwGnajrbFIJAiEAjJVyyWlH/inztL8wEreB
     J/fIVYCQ65Yfa5+JI0mPTAw=";

/// `openssl cms -sign -nocerts, P-256`
pub(super) const DETACHED: &str = "\
     MIIBnwYJKoZIhvcNAQcCoIIBkDCCAYwCAQExDTALBglghkgBZQMEAgEwCwYJKoZIhvcNAQcBMYIBaTCCAWUCAQEwGDAPMQ0wCwYDVQQDDARwMjU2AgUAgHzo
     5TALBglghkgBZQMEAgGggeQwGAYJKoZIhvcNAQkDMQsGCSqGSIb3DQEHATAcBgkqhkiG9w0BCQUxDxcNMjYxMTIzMjIzNzExWjAvBgkqhkiG9w0BCQQxIgQg
     cB6ALrLhcxEGyMNgOHzmnBvmRnPCW/u3ebZUqdCiHkQweQYJKoZIhvcNAQkPMWwwajALBglghkgBZQMEASowCwYJYIZIAWUDBAEWMAsGCWCGSAFlAwQBAjAK
     BggqhkiG9w0DBzAOBggqhkiG9w0DAgICAIAwDQYIKoZIhvcNAwICAUAwBwYFKw4DAgcwDQYIKoZIhvcNAwICASgwCgYIKoZIzj0EAwIERjBEAiAV7d2oT6pM
     3mNXFqkHzOc5byxqWHwOLH1Eo9vVrKSN6gIgB/QYYZ/q1jmYfIbd4ZYjtU2fjOQpQZtbwESHMlTL20A=";

/// `openssl cms -sign -nocerts -keyopt rsa_padding_mode:pss`
pub(super) const PSS: &str = "\
     MIICkgYJKoZIhvcNAQcCoIICgzCCAn8CAQExDTALBglghkgBZQMEAgEwCwYJKoZIhvcNAQcBMYICXDCCAlgCAQEwFzAOMQwwCgYDVQQDDANyc2ECBQCAPyO0
     MAsGCWCGSAFlAwQCAaCB5DAYBgkqhkiG9w0BCQMxCwYJKoZIhvcNAQcBMBwGCSqGSIb3DQEJBTEPFw0yNjExMjMyMjM3MTFaMC8GCSqGSIb3DQEJBDEiBCBw
     HoAusuFzEQbIw2A4fOacG+ZGc8Jb+7d5tlSp0KIeRDB5BgkqhkiG9w0BCQ8xbDBqMAsGCWCGSAFlAwQBKjALBglghkgBZQMEARYwCwYJYIZIAWUDBAECMAoG
     CCqGSIb3DQMHMA4GCCqGSIb3DQMCAgIAgDANBggqhkiG9w0DAgIBQDAHBgUrDgMCBzANBggqhkiG9w0DAgIBKDBCBgkqhkiG9w0BAQowNaAPMA0GCWCGSAFl
     AwQCAQUAoRwwGgYJKoZIhvcNAQEIMA0GCWCGSAFlAwQCAQUAogQCAgDeBIIBAFT30byG+4yql0LSOB6yYr583A2VpWGBg/rPWE0ioqzQ+4AktFbkjpgpwoXm
     q+Z1R7thWuW8S9mCh6DGqq6Ew1ZQld/gIMkqbnLmtth/eF/Z9e27jxT8PdiShKrVoWSDd5qKp/kz78QAmG5sE7ZQXsyhoJgzkvCH9A7hmBvZ9NUi6TFwGr5g
     pyZt6fpEvkuIkT4KMS52oHjK6bkxhROPKgV7jpjuP7ABXDKI2DBFhWDgIc6iro2XuerA9NO4ddO+fQdgFUBzTDElkb2PpqTV2RiJYMd1DTvtjxxg7uLJM1g/
     wLanNl7rbOWwmIB8oa8+I6X4JgYHmF3pNHIJorXIo4I=";

/// `openssl crl2pkcs7 -nocrl`
pub(super) const CERTSONLY: &str = "\
     MIIBlAYJKoZIhvcNAQcCoIIBhTCCAYECAQExADALBgkqhkiG9w0BBwGgggFpMIIBZTCCAQygAwIBAgIFAIB86OUwCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwE
     cDI1NjAgFw0yNjExMjMyMjM3MTFaGA8yMTI2MTAzMDIyMzcxMVowDzENMAsGA1UEAwwEcDI1NjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCTKD0flOp75
     6622zwJbPq0hBDFOaa+9qZyvfsOJx0GfYLqOE6jQfbCGvk4epd9yCPzU0zf53O5ABoypn/5M1CmjUzBRMB8GA1UdIwQYMBaAFG5f+jAFMXC/mlwJ3/qESoRt
     yVF3MA8GA1UdEwEB/wQFMAMBAf8wHQYDVR0OBBYEFG5f+jAFMXC/mlwJ3/qESoRtyVF3MAoGCCqGSM49BAMCA0cAMEQCIEGaJKTIUJHkXsNlyyLa6LC2bVrw
     KG3aOHgXLfQ6XkuWAiBGlPlgHSq+ytDKaalBXxOLkhKA+70unDCXsfxCcV+gmjEA";

/// `openssl cms -encrypt -aes-128-cbc, P-256 (sha1kdf)`
pub(super) const KARI: &str = "\
     MIIBAAYJKoZIhvcNAQcDoIHyMIHvAgECMYGroYGoAgEDoFGhTzAJBgcqhkjOPQIBA0IABLFQnHmHmQMKkbFnHnDZSveJkuaQnD/owNVRCEenARiE24BV+QA0
     2807kpUqxaYzNVM0IRM4QQRh5GrzTAjgc+owGAYJK4EFEIZIPwACMAsGCWCGSAFlAwQBBTA2MDQwGDAPMQ0wCwYDVQQDDARwMjU2AgUAgHzo5QQYq1Eoh66J
     lDQaO6/NeGtWUqLfRxgwDivpMDwGCSqGSIb3DQEHATAdBglghkgBZQMEAQIEEPl2FjRQjps1nVvaRwjjPmGAEALSxahGYznh0FYqGB/LsJ8=";

/// `openssl cms -encrypt -aes-256-gcm -stream -indef, P-256 and RSA`
pub(super) const AUTH_STREAM: &str = "\
     MIAGCyqGSIb3DQEJEAEXoIAwgAIBADGCAe4wggEvAgEAMBcwDjEMMAoGA1UEAwwDcnNhAgUAgD8jtDANBgkqhkiG9w0BAQEFAASCAQBE/TlJdDWYgLzjjZR9
     e4BGBQUQllAPuhPUTg+5dAErd/PRaPsJISrGfpBsSu9NUr7M5ll5VkGU+qnjNFh2ZLA9EX5XUKZAo+OK/Kz9SJcn6n1P6vXl1edV7RjZgoen+mOW5vpCPdfM
     LjB/qJ/xMwGDAJ/2A0SkU9kHbF13Je+lKyjTfeGX2/0IiwWHNaqR+c8z/t0LlaelVw2P/hjRrD2SZVyMJ7CsDJrb9qQkm9bdjZoBjEyYsg3VsRt7kekw5Lab
     vCZT2olZFcQKzC7vH+WInX/EjNr2dVJtZjqAZa6rDQ53vW+3U4CgfNnhFVc0xW6R5sTVeT2250HCtETyvTsIoYG4AgEDoFGhTzAJBgcqhkjOPQIBA0IABDF2
     7EEr1vHSARmg+KfkMAE+sHYn2MOpXlfxzp3sz3JFy3FCxVWutO3Dugotmbo2Bt1FckVEfoK3ojvT7tEYGvYwGAYJK4EFEIZIPwACMAsGCWCGSAFlAwQBLTBG
     MEQwGDAPMQ0wCwYDVQQDDARwMjU2AgUAgHzo5QQo4BnP/jYSDZZrNFUswxlewnkQYs2QfHufEe/l0PqOzGT32uK2XmgIIDCABgkqhkiG9w0BBwEwHgYJYIZI
     AWUDBAEuMBEEDJpOayDL9GRqnmTaQgIBEKCABA5YC+ETeb5nsKtQ1zLY3gAAAAAEEDddW4C/pf2Z+e9nNvgxNoEAAAAAAAA=";

/// `openssl cms -encrypt -aes-256-cbc -keyid, P-256, P-384, P-521`
pub(super) const KEYID: &str = "\
     MIIC6gYJKoZIhvcNAQcDoIIC2zCCAtcCAQIxggKSoYG2AgEDoFGhTzAJBgcqhkjOPQIBA0IABPJvPdrrWD38BGvm/z5QlGqqffHy9L3qw7b5zQqpYIkyyH2X
     KKFfbFjef0mxetyypgN4pkxCLYhFpPYnw2OU0lYwGAYJK4EFEIZIPwACMAsGCWCGSAFlAwQBLTBEMEKgFgQUbl/6MAUxcL+aXAnf+oRKhG3JUXcEKJWLNi5X
     RflLomdpZ9y3I2n3QKaAfCUH8TSzcWSWSvYUbocnVSVggkyhgdYCAQOgcaFvMAkGByqGSM49AgEDYgAEdEuAfjMzKKouytsyb3e6+8UrI/zF5I9CEAMZFDgt
     QUtYmsCIWwMv2OXOJ725J7QcnldBAbwpVkjJO3pOhto6fPLBYsU6vUyiy42g5OZmQwN48QAiGgEMiilqLfTeP3aEMBgGCSuBBRCGSD8AAjALBglghkgBZQME
     AS0wRDBCoBYEFGjTN6lXkceU15h4EFy6+WnkQJ2kBCjPccvFX7/4VWVTRdvtqLbprvJUN1vcgFeoofC05Wy+wik6dU4qLn56oYH9AgEDoIGXoYGUMAkGByqG
     SM49AgEDgYYABADON9yDI6g7tJkdv43G5b9RLvUGybltOFgLQeZmYnlBTD3smxoCFXAEzuOA7OeNWgGL1wwEX3HsBzaakGlFYpmjIgDleG3l53q/HqSNg+85
     yC9jL7WzcP4wHKFuG1atvlc33GLI5Wis+yFSWIcEESkDcaDlvV6eDhG+/Uu2b1kI7+sgrDAYBgkrgQUQhkg/AAIwCwYJYIZIAWUDBAEtMEQwQqAWBBR3cFon
     LPZRdm2eJLqjumQEsvT/IAQofpHeHeFZg1S9kxskb10+uFtiQdVol4xFv5Yu1f/OZSrTGHDNM9BHODA8BgkqhkiG9w0BBwEwHQYJYIZIAWUDBAEqBBDEcP7P
     u4btiNOTavRiBudJgBB9HmELhj34oxJx+W7J4AlW";

/// `openssl cms -encrypt -aes-256-gcm -aes256-wrap -keyopt ecdh_kdf_md:sha384 -keyopt ecdh_cofactor_mode:1, P-384`
pub(super) const COFACTOR: &str = "\
     MIIBQgYLKoZIhvcNAQkQARegggExMIIBLQIBADGB2KGB1QIBA6BxoW8wCQYHKoZIzj0CAQNiAAQqyw+O7i1WyYFsRlzPYdQ8ianAwjd7sDGO3CxOt/tYRKqu
     MEP/fKCwoK0Vt5IyPZ5AQBZUfvkKDh9f/JYrxFdozR4Ytmc+OIabc1W2lgGm7UoHVZzVK5uTEF7xqxOKOL4wFQYGK4EEAQ4CMAsGCWCGSAFlAwQBLTBGMEQw
     GDAPMQ0wCwYDVQQDDARwMzg0AgUAgJArvAQoNQVDnxGqvJFiydCMn6JsngjHg4vyo76gV+NKG8BjhrTaPWShr8YaVjA7BgkqhkiG9w0BBwEwHgYJYIZIAWUD
     BAEuMBEEDIcrAx+8GbpSMfocvAIBEIAOxEkrZBU/eclyT5/LOyEEEPXO+U5VepZ7eU7XNwfMcsE=";

/// `openssl cms -encrypt -aes-256-cbc -keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256`
pub(super) const OAEP: &str = "\
     MIIBtgYJKoZIhvcNAQcDoIIBpzCCAaMCAQAxggFeMIIBWgIBADAXMA4xDDAKBgNVBAMMA3JzYQIFAIA/I7QwOAYJKoZIhvcNAQEHMCugDTALBglghkgBZQME
     AgGhGjAYBgkqhkiG9w0BAQgwCwYJYIZIAWUDBAIBBIIBAHEbi7dJYYOrMVQmllbv1rZ438Mf4S/nQ/9dauyYGS8TqM97Y+J0NfSxzvkJFbvIcVdWwt6h+YC7
     kRYHhBMpkp9sbt0IEfFPpJ+ZWSabfcC6ohyYpZNhl85bpm+MbGwTb+Na3MO2cZ3vO+9K9D7jQ++hqactKbKbNq3aXCO57V1yrtVzt2k+l/cJPUBjfCpTb6DJ
     QYI27yQyWpLlqqkdIm8j6HcVL6c1mMyW7JMz1+5iYnUAhr06tm2eIZxfFsoOOWPs2doq6qSdzqSSQxMDjTI1sD2p2ubPlBjDU1T3qyf3XGXnbdgx0N24W+rO
     UoEhKoX2OsgsJQtvJhYJhZ6l9KAwPAYJKoZIhvcNAQcBMB0GCWCGSAFlAwQBKgQQVofZRJLgxxqD9spTjhzMC4AQnPnXSd5eG990CADmYHW7PA==";

/// `openssl cms -encrypt -secretkey`
pub(super) const KEK: &str = "\
     MIGDBgkqhkiG9w0BBwOgdjB0AgECMTGiLwIBBDADBAEBMAsGCWCGSAFlAwQBBQQYdFIC9R2kNqae4AJfb5OwiUHyaa+K5vcZMDwGCSqGSIb3DQEHATAdBglg
     hkgBZQMEAQIEEKZLXVqnXkKxMLdqR1tOn2OAEOkmF+8Zm3kL3SkBpAFt4ck=";

/// `openssl cms -encrypt -pwri_password`
pub(super) const PWRI: &str = "\
     MIHGBgkqhkiG9w0BBwOggbgwgbUCAQMxcqNwAgEAoBsGCSqGSIb3DQEFDDAOBAjHOOe0AWZbcAICCAAwLAYLKoZIhvcNAQkQAwkwHQYJYIZIAWUDBAECBBDh
     k3TOEbtTQ8i9q0czWzowBCCO6yiGTIMWQfl48FfzfHOBM8vZy9Qvt5TDDOnSlzr66DA8BgkqhkiG9w0BBwEwHQYJYIZIAWUDBAECBBCACRK+4myf9K7Wi2+7
     Lwj4gBATy51b8aak0tCLH1Opp2qb";

/// `openssl cms -data_create`
pub(super) const DATA: &str = "\
     MB0GCSqGSIb3DQEHAaAQBA5IZWxsbywgd29ybGQNCg==";

/// Bouncy Castle 1.72's CMSCompressedDataGenerator, brought to DER
pub(super) const COMPRESSED: &str = "\
     MEoGCyqGSIb3DQEJEAEJoDswOQIBADANBgsqhkiG9w0BCRADCDAlBgkqhkiG9w0BBwGgGAQWeJzzSM3JyddRKM8vyknh5QIAJMoEgA==";

/// Bouncy Castle 1.72's CMSAuthenticatedDataGenerator, with attributes, brought to DER
pub(super) const AUTHENTICATED: &str = "\
     MIIBrgYLKoZIhvcNAQkQAQKgggGdMIIBmQIBADGBvjCBuwIBADAkMAwxCjAIBgNVBAMMAXICFD6QpHfGJHz41zesXU3XpurT6auAMA0GCSqGSIb3DQEBAQUA
     BIGAtrzP/j5q5eaurY03up3qy77VpEHJQ/u5r7ZFnGb81no3W5KxQZKaoKFRtji6JR8DsusXsFy6xZ1w0ppZm/ZQ2fAPPifcsmsoCZUmTJ1TjB4756Xhlw5X
     1SlYQe5FpFgG6bMrifxv1M1ZG0ymXTQmYeUmf35Bg/oFkPkxnlIYtkUwDAYIKoZIhvcNAgkFAKELBglghkgBZQMEAgEwHQYJKoZIhvcNAQcBoBAEDkhlbGxv
     LCB3b3JsZA0KoncwGAYJKoZIhvcNAQkDMQsGCSqGSIb3DQEHATAqBgkqhkiG9w0BCTQxHTAbMAsGCWCGSAFlAwQCAaIMBggqhkiG9w0CCQUAMC8GCSqGSIb3
     DQEJBDEiBCBwHoAusuFzEQbIw2A4fOacG+ZGc8Jb+7d5tlSp0KIeRAQgGFbGLaXIoh2+a0xp2F8PGKwzMB7QWVAKw6NvYXM5ydU=";

/// `openssl cms -digest_create -md sha256`
pub(super) const DIGESTED: &str = "\
     MGAGCSqGSIb3DQEHBaBTMFECAQAwCwYJYIZIAWUDBAIBMB0GCSqGSIb3DQEHAaAQBA5IZWxsbywgd29ybGQNCgQgcB6ALrLhcxEGyMNgOHzmnBvmRnPCW/u3
     ebZUqdCiHkQ=";

/// `openssl cms -EncryptedData_encrypt -secretkey 000102030405060708090a0b0c0d0e0f -aes128`
pub(super) const ENCRYPTED: &str = "\
     MFAGCSqGSIb3DQEHBqBDMEECAQAwPAYJKoZIhvcNAQcBMB0GCWCGSAFlAwQBAgQQUC3KopgzXXlX0aq4Z3j6/IAQ9Nq+FwdqVUwt1iwnY48/jA==";

/// Bounds that none of the messages reaches.
pub(super) const LIMITS: super::Limits = super::Limits {
    asn1_depth: 64,
    structure_bytes: 1 << 20,
    certificates: 10,
    signers: 10,
    attributes: 100,
    recipients: 10,
};

/// Returns the same octets with every constructed value of indefinite length.
pub(super) fn indefinite(der: &[u8]) -> Vec<u8> {
    use crate::asn1::cursor::Cursor;
    let mut cursor = Cursor::new(der, 0);
    let mut ber = Vec::new();
    while !cursor.is_empty() {
        let value = cursor.any().unwrap();
        if value.tag.is_constructed() {
            ber.extend([value.tag.0, 0x80]);
            ber.extend(indefinite(value.content));
            ber.extend([0, 0]);
        } else {
            ber.extend(value.raw);
        }
    }
    ber
}
