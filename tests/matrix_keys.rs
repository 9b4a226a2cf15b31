//! Keys at rest: PKCS#12 files of every maker at hand, and encrypted keys in every form that OpenSSL writes, opened by their password and by no other.
use crate::support::*;
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

/// A password of ASCII, one that is not, none.
const PASSWORDS: [&str; 3] = ["secret", "gr\u{fc}\u{df}e \u{20ac}", ""];

/// A directory in which keys are made, and the file of their password.
struct Maker {
    dir: Dir,
    password: PathBuf,
    text: &'static str,
}

impl Maker {
    fn new(text: &'static str) -> Self {
        let dir = Dir::new();
        let password = dir.write("password", format!("{text}\n"));
        Self {
            dir,
            password,
            text,
        }
    }

    /// OpenSSL's file of an identity, with these options.
    fn openssl(&self, peer: Peer, who: &str, options: Vec<OsString>) -> PathBuf {
        let out = self.dir.file("openssl.p12");
        let line = join(&[
            &args![
                "pkcs12",
                "-export",
                "-in",
                fixture(&format!("identities/{who}.pem"))
            ],
            &args![
                "-passout",
                format!("file:{}", self.password.display()),
                "-out",
                out.clone()
            ],
            &options,
        ]);
        openssl(peer, line).run().expect(0);
        out
    }

    /// Signs with the file, so that its key and certificate were found, paired and right.
    fn use_it(&self, file: &Path, password: &Path) -> Run {
        let line = args![
            "sign",
            "-q",
            "--allow",
            "sender-mismatch",
            "-i",
            file,
            "--password-file",
            password,
            fixture("messages/plain.eml")
        ];
        smime(line).run()
    }

    /// Is opened by its password; not by another, nor when it is damaged.
    #[track_caller]
    fn check(&self, file: &Path) {
        self.use_it(file, &self.password).expect(0);
        // a file that needs no password is opened without asking for one
        if !self.text.is_empty() {
            let wrong = self.dir.write("wrong", "secreT\n");
            let run = self.use_it(file, &wrong).expect(4);
            let said = run.stderr.contains("password does not open");
            assert!(run.stdout.is_empty() && said, "{run:?}");
        }
        let mut octets = std::fs::read(file).unwrap();
        let middle = octets.len() / 2;
        octets[middle] ^= 1;
        let damaged = self.dir.write("damaged.p12", &octets);
        assert!(
            self.use_it(&damaged, &self.password)
                .expect(4)
                .stdout
                .is_empty()
        );
        let short = self.dir.write("short.p12", &octets[..middle]);
        assert!(
            self.use_it(&short, &self.password)
                .expect(4)
                .stdout
                .is_empty()
        );
    }
}

#[test]
fn pkcs12_of_openssl() {
    if !have(&[Peer::Openssl], "PKCS#12 of OpenSSL") {
        return;
    }
    let legacy = |options: Vec<OsString>| {
        join(&[
            &args!["-legacy", "-provider", "legacy", "-provider", "default"],
            &options,
        ])
    };
    for text in PASSWORDS {
        let maker = Maker::new(text);
        for options in [
            args![],
            args![
                "-keypbe",
                "AES-128-CBC",
                "-certpbe",
                "AES-192-CBC",
                "-macalg",
                "sha384"
            ],
            args!["-iter", "1", "-maciter", "-macalg", "sha512"],
            args![
                "-keypbe",
                "PBE-SHA1-3DES",
                "-certpbe",
                "PBE-SHA1-2DES",
                "-macalg",
                "sha1"
            ],
            args!["-certpbe", "NONE"],
            args!["-name", "\u{f6}dd name", "-CSP", "a provider"],
            legacy(args![]),
            legacy(args![
                "-certpbe",
                "PBE-SHA1-RC2-128",
                "-keypbe",
                "PBE-SHA1-RC2-40"
            ]),
        ] {
            for who in ["carol", "alice"] {
                let file = maker.openssl(Peer::Openssl, who, options.clone());
                maker.check(&file);
            }
        }
    }
    agreed("keys", "PKCS#12", Peer::Openssl.column(), &[Way::Theirs]);
}

#[test]
fn pkcs12_of_openssl_4_with_pbmac1() {
    if !have(&[Peer::Openssl4], "PKCS#12 with PBMAC1") {
        return;
    }
    for text in PASSWORDS {
        let maker = Maker::new(text);
        maker.check(&maker.openssl(Peer::Openssl4, "carol", args![]));
        for digest in ["SHA256", "SHA384", "SHA512"] {
            let options = args![
                "-pbmac1_pbkdf2",
                "-pbmac1_pbkdf2_md",
                digest,
                "-macsaltlen",
                "16"
            ];
            maker.check(&maker.openssl(Peer::Openssl4, "carol", options));
        }
    }
    agreed(
        "keys",
        "PKCS#12 with PBMAC1",
        Peer::Openssl4.column(),
        &[Way::Theirs],
    );
}

#[test]
fn pkcs12_of_nss() {
    if !have(&[Peer::Openssl, Peer::Nss], "PKCS#12 of NSS") {
        return;
    }
    for text in &PASSWORDS[..2] {
        let maker = Maker::new(text);
        let file = maker.openssl(Peer::Openssl, "carol", args!["-name", "carol"]);
        let home = maker.dir.file("nss");
        std::fs::create_dir(&home).unwrap();
        Call::new("certutil", args!["-N", "-d", &home, "--empty-password"])
            .run()
            .expect(0);
        let with_password = args!["-w", maker.password.clone(), "-K", "", "-d", home];
        let line = join(&[&args!["-i", file], &with_password]);
        Call::new("pk12util", line).run().expect(0);
        for options in [
            args![],
            args!["-c", "AES-256-CBC", "-C", "AES-128-CBC"],
            args!["-c", "AES-192-CBC", "-M", "SHA-512"],
        ]
        .into_iter()
        // its iterations are many
        .take(if *text == PASSWORDS[0] { 3 } else { 1 })
        {
            let out = maker.dir.file("nss.p12");
            let line = join(&[
                &args!["-o", out.clone(), "-n", "carol"],
                &with_password,
                &options,
            ]);
            Call::new("pk12util", line).run().expect(0);
            maker.check(&out);
        }
    }
    agreed("keys", "PKCS#12", Peer::Nss.column(), &[Way::Theirs]);
}

#[test]
fn pkcs12_of_gnupg() {
    if !have(&[Peer::Openssl, Peer::Gpgsm], "PKCS#12 of GnuPG") {
        return;
    }
    let maker = Maker::new(PASSWORDS[0]);
    let file = maker.openssl(
        Peer::Openssl,
        "alice",
        args!["-legacy", "-provider", "legacy", "-provider", "default"],
    );
    let home = maker.dir.file("gnupg");
    std::fs::create_dir(&home).unwrap();
    std::fs::set_permissions(&home, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    std::fs::write(home.join("gpg-agent.conf"), "allow-loopback-pinentry\n").unwrap();
    let gpgsm = |more: Vec<OsString>| {
        let line = args![
            "--batch",
            "--yes",
            "--pinentry-mode",
            "loopback",
            "--passphrase-fd",
            "0"
        ];
        let call = Call::new("gpgsm", join(&[&line, &more])).env("GNUPGHOME", &home);
        call.input(maker.text).run()
    };
    let import = gpgsm(args!["--import", file]);
    assert!(
        import.stderr.contains("secret keys imported: 1"),
        "{import:?}"
    );
    let out = maker.dir.file("gnupg.p12");
    gpgsm(args![
        "--output",
        out.clone(),
        "--export-secret-key-p12",
        "alice@example.com"
    ])
    .expect(0);
    Call::new("gpgconf", args!["--kill", "gpg-agent"])
        .env("GNUPGHOME", &home)
        .run();
    maker.check(&out);
    agreed("keys", "PKCS#12", Peer::Gpgsm.column(), &[Way::Theirs]);
}

#[test]
fn pkcs12_of_java() {
    if !have(&[Peer::Openssl], "PKCS#12 of Java") {
        return;
    }
    if Command::new("keytool").arg("-help").output().is_err() {
        return left_out("PKCS#12 of Java", "keytool is not here");
    }
    let maker = Maker::new(PASSWORDS[0]);
    let file = maker.openssl(Peer::Openssl, "carol", args![]);
    for options in [
        args![],
        args!["-J-Dkeystore.pkcs12.legacy"],
        args!["-J-Dkeystore.pkcs12.macAlgorithm=HmacPBESHA512"],
    ] {
        let out = maker.dir.file("java.p12");
        let _ = std::fs::remove_file(&out);
        let line = join(&[
            &options,
            &args![
                "-importkeystore",
                "-srckeystore",
                file.clone(),
                "-srcstoretype",
                "PKCS12"
            ],
            &args!["-srcstorepass", maker.text, "-destkeystore", out.clone()],
            &args!["-deststoretype", "PKCS12", "-deststorepass", maker.text],
        ]);
        Call::new("keytool", line).run().expect(0);
        maker.check(&out);
    }
    agreed("keys", "PKCS#12", JAVA, &[Way::Theirs]);
}

#[test]
fn pkcs8_in_every_form() {
    if !have(&[Peer::Openssl], "PKCS#8 of OpenSSL") {
        return;
    }
    let legacy = args!["-provider", "legacy", "-provider", "default"];
    for text in &PASSWORDS[..2] {
        let maker = Maker::new(text);
        let mut forms = vec![
            args!["-scrypt"],
            args![
                "-scrypt",
                "-scrypt_N",
                "1024",
                "-scrypt_r",
                "4",
                "-scrypt_p",
                "3"
            ],
            join(&[&args!["-v1", "PBE-MD5-DES"], &legacy]),
            join(&[&args!["-v1", "PBE-SHA1-DES"], &legacy]),
            join(&[&args!["-v1", "PBE-SHA1-RC2-64"], &legacy]),
            args!["-v1", "PBE-SHA1-3DES"],
        ];
        for cipher in ["aes128", "aes192", "aes256", "des3"] {
            for prf in [
                "hmacWithSHA1",
                "hmacWithSHA224",
                "hmacWithSHA256",
                "hmacWithSHA384",
                "hmacWithSHA512",
            ] {
                forms.push(args!["-v2", cipher, "-v2prf", prf]);
            }
        }
        for form in forms {
            let key = maker.dir.file("key.pem");
            let line = join(&[
                &args![
                    "pkcs8",
                    "-topk8",
                    "-in",
                    fixture("keys/carol.pem"),
                    "-out",
                    key.clone()
                ],
                &args!["-passout", format!("file:{}", maker.password.display())],
                &form,
            ]);
            openssl(Peer::Openssl, line).run().expect(0);
            let whole = [
                std::fs::read(&key).unwrap(),
                fixture_bytes("certs/carol.pem"),
            ]
            .concat();
            let file = maker.dir.write("identity.pem", whole);
            maker.use_it(&file, &maker.password).expect(0);
            let wrong = maker.dir.write("wrong", "secreT\n");
            maker.use_it(&file, &wrong).expect(4);
        }
        // a cost that nobody needs is not paid
        let key = maker.dir.file("key.pem");
        let line = args![
            "pkcs8",
            "-topk8",
            "-in",
            fixture("keys/carol.pem"),
            "-out",
            key.clone(),
            "-passout",
            format!("file:{}", maker.password.display()),
            "-scrypt",
            "-scrypt_N",
            "524288",
            "-scrypt_r",
            "8"
        ];
        let made = openssl(Peer::Openssl, line).run();
        if made.code == 0 {
            let whole = [
                std::fs::read(&key).unwrap(),
                fixture_bytes("certs/carol.pem"),
            ]
            .concat();
            let file = maker.dir.write("identity.pem", whole);
            let run = maker.use_it(&file, &maker.password).expect(4);
            assert!(run.stderr.contains("268435456"), "{}", run.stderr);
        }
    }
    agreed(
        "keys",
        "PKCS#8 (PBES2 with PBKDF2 and scrypt, PBES1)",
        Peer::Openssl.column(),
        &[Way::Theirs],
    );
}
