import java.io.*;
import java.nio.file.*;
import java.security.*;
import java.security.spec.*;
import java.util.*;
import javax.crypto.Cipher;
import javax.crypto.KeyAgreement;
import javax.crypto.spec.*;
import org.bouncycastle.asn1.*;
import org.bouncycastle.asn1.cms.*;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.cms.CCMParameters;
import org.bouncycastle.asn1.cms.Time;
import org.bouncycastle.asn1.cms.ecc.ECCCMSSharedInfo;
import org.bouncycastle.asn1.x509.*;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cms.*;
import org.bouncycastle.cms.jcajce.*;
import org.bouncycastle.crypto.DerivationParameters;
import org.bouncycastle.crypto.agreement.kdf.ConcatenationKDFGenerator;
import org.bouncycastle.crypto.digests.*;
import org.bouncycastle.crypto.engines.*;
import org.bouncycastle.crypto.generators.*;
import org.bouncycastle.crypto.kems.*;
import org.bouncycastle.crypto.params.*;
import org.bouncycastle.crypto.util.*;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.operator.*;
import org.bouncycastle.operator.jcajce.*;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;

/**
 * Bouncy Castle as a peer: Peer VERB [ARGUMENT…] < input > output. A verb is an entry of VERBS; bouncycastle.sh compiles and runs this.
 *
 * encrypt CERT CIPHER SCHEME [attributes]   SCHEME: ecdh-sha256 (Bouncy Castle's own recipient), x963-sha256, hkdf-sha256, hkdf-sha512,
 *                                           rsa-kem
 * decrypt CERT KEY                          any of these, and what smime writes for such keys
 * sign CERT KEY ALGORITHM                   SignedData around the content; ALGORITHM as Java names it: Ed448, SHA256withECDSA
 * verify CERT                               the content of a SignedData whose signers all are of this certificate
 *
 * Where 1.72 has no CMS for a primitive that it has (X25519, X448, HKDF, ChaCha20-Poly1305, RSA-KEM) the structure is built here, out of its ASN.1 classes.
 */
public class Peer {
    interface Verb {
        byte[] run(String[] arguments, byte[] input) throws Exception;
    }

    static final Map<String, Verb> VERBS = new TreeMap<>();
    static {
        VERBS.put("encrypt", Peer::encrypt);
        VERBS.put("decrypt", Peer::decrypt);
        VERBS.put("sign", Peer::sign);
        VERBS.put("verify", Peer::verify);
    }

    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        Verb verb = VERBS.get(arguments[0]);
        if (verb == null) {
            throw new IllegalArgumentException("no verb " + arguments[0] + " but " + VERBS.keySet());
        }
        byte[] output = verb.run(Arrays.copyOfRange(arguments, 1, arguments.length), System.in.readAllBytes());
        System.out.write(output);
        System.out.flush();
    }

    // ---- files

    static X509CertificateHolder certificate(String file) throws Exception {
        return (X509CertificateHolder) read(file, X509CertificateHolder.class);
    }

    static PrivateKey privateKey(String file) throws Exception {
        return new JcaPEMKeyConverter().setProvider("BC").getPrivateKey((PrivateKeyInfo) read(file, PrivateKeyInfo.class));
    }

    static Object read(String file, Class<?> wanted) throws Exception {
        try (PEMParser parser = new PEMParser(Files.newBufferedReader(Path.of(file)))) {
            for (Object found = parser.readObject(); found != null; found = parser.readObject()) {
                if (wanted.isInstance(found)) {
                    return found;
                }
            }
        }
        throw new IllegalArgumentException(file + " holds no " + wanted.getSimpleName());
    }

    // ---- ciphers

    static final ASN1ObjectIdentifier CHACHA20_POLY1305 = new ASN1ObjectIdentifier("1.2.840.113549.1.9.16.3.18");
    static final Map<String, ASN1ObjectIdentifier> CIPHERS = new HashMap<>();
    static {
        CIPHERS.put("aes-128-cbc", CMSAlgorithm.AES128_CBC);
        CIPHERS.put("aes-192-cbc", CMSAlgorithm.AES192_CBC);
        CIPHERS.put("aes-256-cbc", CMSAlgorithm.AES256_CBC);
        CIPHERS.put("aes-128-gcm", CMSAlgorithm.AES128_GCM);
        CIPHERS.put("aes-256-gcm", CMSAlgorithm.AES256_GCM);
        CIPHERS.put("aes-128-ccm", CMSAlgorithm.AES128_CCM);
        CIPHERS.put("aes-192-ccm", CMSAlgorithm.AES192_CCM);
        CIPHERS.put("aes-256-ccm", CMSAlgorithm.AES256_CCM);
        CIPHERS.put("chacha20-poly1305", CHACHA20_POLY1305);
    }

    static String cipherOf(AlgorithmIdentifier algorithm) {
        for (Map.Entry<String, ASN1ObjectIdentifier> entry : CIPHERS.entrySet()) {
            if (entry.getValue().equals(algorithm.getAlgorithm())) {
                return entry.getKey();
            }
        }
        throw new IllegalArgumentException("cipher " + algorithm.getAlgorithm());
    }

    static byte[] random(int size) {
        byte[] octets = new byte[size];
        new SecureRandom().nextBytes(octets);
        return octets;
    }

    /** RFC 8103 as an encryptor of Bouncy Castle's generators. */
    static class ChaCha implements OutputAEADEncryptor {
        final byte[] key = random(32), nonce = random(12);
        final ByteArrayOutputStream content = new ByteArrayOutputStream(), aad = new ByteArrayOutputStream();
        byte[] mac;

        public AlgorithmIdentifier getAlgorithmIdentifier() {
            return new AlgorithmIdentifier(CHACHA20_POLY1305, new DEROctetString(nonce));
        }

        public OutputStream getOutputStream(OutputStream to) {
            return new OutputStream() {
                @Override public void write(int octet) {
                    content.write(octet);
                }

                // encrypted without attributes first, as the generator asks for them afterwards: the ciphertext is the same
                @Override public void close() throws IOException {
                    byte[] out = seal();
                    to.write(out, 0, out.length - 16);
                    to.close();
                }
            };
        }

        byte[] seal() throws IOException {
            try {
                Cipher cipher = Cipher.getInstance("ChaCha20-Poly1305", "BC");
                cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "ChaCha20"), new IvParameterSpec(nonce));
                cipher.updateAAD(aad.toByteArray());
                return cipher.doFinal(content.toByteArray());
            } catch (GeneralSecurityException e) {
                throw new IOException(e);
            }
        }

        public GenericKey getKey() {
            return new GenericKey(key);
        }

        public OutputStream getAADStream() {
            return aad;
        }

        public byte[] getMAC() {
            try {
                byte[] out = seal();
                return Arrays.copyOfRange(out, out.length - 16, out.length);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    static OutputEncryptor encryptor(String name) throws Exception {
        if (name.equals("chacha20-poly1305")) {
            return new ChaCha();
        }
        JceCMSContentEncryptorBuilder builder = new JceCMSContentEncryptorBuilder(CIPHERS.get(name)).setProvider("BC");
        if (name.endsWith("ccm")) {
            // its own choice would be a tag of 12 octets
            AlgorithmParameters parameters = AlgorithmParameters.getInstance("CCM", "BC");
            parameters.init(new CCMParameters(random(12), 16).getEncoded());
            builder.setAlgorithmParameters(parameters);
        }
        return builder.build();
    }

    static byte[] open(AlgorithmIdentifier algorithm, byte[] key, byte[] aad, byte[] ciphertext, byte[] mac) throws Exception {
        String name = cipherOf(algorithm);
        ASN1Encodable parameters = algorithm.getParameters();
        Cipher cipher;
        if (name.endsWith("cbc")) {
            cipher = Cipher.getInstance("AES/CBC/PKCS7Padding", "BC");
            byte[] iv = ASN1OctetString.getInstance(parameters).getOctets();
            cipher.init(Cipher.DECRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(iv));
            return cipher.doFinal(ciphertext);
        }
        if (name.equals("chacha20-poly1305")) {
            cipher = Cipher.getInstance("ChaCha20-Poly1305", "BC");
            byte[] nonce = ASN1OctetString.getInstance(parameters).getOctets();
            cipher.init(Cipher.DECRYPT_MODE, new SecretKeySpec(key, "ChaCha20"), new IvParameterSpec(nonce));
        } else {
            GCMParameters found = GCMParameters.getInstance(parameters);
            cipher = Cipher.getInstance(name.endsWith("gcm") ? "AES/GCM/NoPadding" : "AES/CCM/NoPadding", "BC");
            cipher.init(Cipher.DECRYPT_MODE, new SecretKeySpec(key, "AES"), new GCMParameterSpec(found.getIcvLen() * 8, found.getNonce()));
        }
        cipher.updateAAD(aad);
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        whole.write(ciphertext);
        whole.write(mac);
        return cipher.doFinal(whole.toByteArray());
    }

    // ---- key agreement (RFC 5753, RFC 8418)

    static final ASN1ObjectIdentifier AES128_WRAP = CMSAlgorithm.AES128_WRAP, AES192_WRAP = CMSAlgorithm.AES192_WRAP, AES256_WRAP = CMSAlgorithm.AES256_WRAP;
    static final Map<String, ASN1ObjectIdentifier> SCHEMES = new HashMap<>();
    static {
        SCHEMES.put("x963-sha256", new ASN1ObjectIdentifier("1.3.132.1.11.1"));
        SCHEMES.put("x963-sha384", new ASN1ObjectIdentifier("1.3.132.1.11.2"));
        SCHEMES.put("x963-sha512", new ASN1ObjectIdentifier("1.3.132.1.11.3"));
        SCHEMES.put("hkdf-sha256", new ASN1ObjectIdentifier("1.2.840.113549.1.9.16.3.19"));
        SCHEMES.put("hkdf-sha384", new ASN1ObjectIdentifier("1.2.840.113549.1.9.16.3.20"));
        SCHEMES.put("hkdf-sha512", new ASN1ObjectIdentifier("1.2.840.113549.1.9.16.3.21"));
    }

    static int octetsOf(ASN1ObjectIdentifier wrap) {
        return wrap.equals(AES128_WRAP) ? 16 : wrap.equals(AES192_WRAP) ? 24 : 32;
    }

    static byte[] keyEncryptionKey(PrivateKey own, PublicKey peer, AlgorithmIdentifier algorithm, byte[] ukm) throws Exception {
        String kind = own.getAlgorithm();
        KeyAgreement agreement = KeyAgreement.getInstance(kind.startsWith("X") ? kind : "ECCDH", "BC");
        agreement.init(own);
        agreement.doPhase(peer, true);
        byte[] secret = agreement.generateSecret();
        AlgorithmIdentifier wrap = AlgorithmIdentifier.getInstance(algorithm.getParameters());
        byte[] key = new byte[octetsOf(wrap.getAlgorithm())];
        byte[] bits = { 0, 0, (byte) (key.length * 8 >> 8), (byte) (key.length * 8) };
        byte[] info = new ECCCMSSharedInfo(wrap, ukm, bits).getEncoded("DER");
        for (Map.Entry<String, ASN1ObjectIdentifier> scheme : SCHEMES.entrySet()) {
            if (!scheme.getValue().equals(algorithm.getAlgorithm())) {
                continue;
            }
            org.bouncycastle.crypto.Digest digest = scheme.getKey().endsWith("256") ? new SHA256Digest()
                : scheme.getKey().endsWith("384") ? new SHA384Digest() : new SHA512Digest();
            if (scheme.getKey().startsWith("hkdf")) {
                HKDFBytesGenerator hkdf = new HKDFBytesGenerator(digest);
                hkdf.init(new HKDFParameters(secret, ukm, info));
                hkdf.generateBytes(key, 0, key.length);
            } else {
                KDF2BytesGenerator x963 = new KDF2BytesGenerator(digest);
                x963.init(new KDFParameters(secret, info));
                x963.generateBytes(key, 0, key.length);
            }
            return key;
        }
        throw new IllegalArgumentException("scheme " + algorithm.getAlgorithm());
    }

    static KeyPair ephemeral(PublicKey like) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(like.getAlgorithm(), "BC");
        if (like instanceof java.security.interfaces.ECKey ec) {
            generator.initialize(ec.getParams());
        }
        return generator.generateKeyPair();
    }

    static RecipientInfoGenerator agreement(X509CertificateHolder to, PublicKey key, String scheme, byte[] ukm) {
        return contentKey -> {
            try {
                byte[] octets = contentKey.getRepresentation() instanceof byte[] raw ? raw : ((Key) contentKey.getRepresentation()).getEncoded();
                KeyPair own = ephemeral(key);
                AlgorithmIdentifier wrap = new AlgorithmIdentifier(octets.length == 16 ? AES128_WRAP : octets.length == 24 ? AES192_WRAP : AES256_WRAP);
                AlgorithmIdentifier algorithm = new AlgorithmIdentifier(SCHEMES.get(scheme), wrap);
                byte[] kek = keyEncryptionKey(own.getPrivate(), key, algorithm, ukm);
                RFC3394WrapEngine engine = new RFC3394WrapEngine(new AESEngine());
                engine.init(true, new KeyParameter(kek));
                byte[] wrapped = engine.wrap(octets, 0, octets.length);
                SubjectPublicKeyInfo spki = SubjectPublicKeyInfo.getInstance(own.getPublic().getEncoded());
                OriginatorPublicKey originator = new OriginatorPublicKey(new AlgorithmIdentifier(spki.getAlgorithm().getAlgorithm()), spki.getPublicKeyData().getBytes());
                IssuerAndSerialNumber id = new IssuerAndSerialNumber(to.getIssuer(), to.getSerialNumber());
                RecipientEncryptedKey entry = new RecipientEncryptedKey(new KeyAgreeRecipientIdentifier(id), new DEROctetString(wrapped));
                return new RecipientInfo(new KeyAgreeRecipientInfo(new OriginatorIdentifierOrKey(originator),
                    ukm == null ? null : new DEROctetString(ukm), algorithm, new DERSequence(entry)));
            } catch (Exception e) {
                throw new CMSException("key agreement", e);
            }
        };
    }

    // ---- RSA-KEM (RFC 9690 in RFC 9629): KDF3 with SHA-256 for both derivations

    static final ASN1ObjectIdentifier ORI_KEM = new ASN1ObjectIdentifier("1.2.840.113549.1.9.16.13.3"), KEM_RSA = new ASN1ObjectIdentifier("1.0.18033.2.2.4"),
        KDF3 = new ASN1ObjectIdentifier("1.3.133.16.840.9.44.1.2"), SHA256 = new ASN1ObjectIdentifier("2.16.840.1.101.3.4.2.1");

    /** The RSA-KEM of 1.72 gives its derivation no info at all, which this one takes for an error. */
    static class Kdf3 extends ConcatenationKDFGenerator {
        Kdf3() {
            super(new SHA256Digest());
        }

        public void init(DerivationParameters parameters) {
            KDFParameters found = (KDFParameters) parameters;
            super.init(found.getIV() == null ? new KDFParameters(found.getSharedSecret(), new byte[0]) : found);
        }
    }

    static byte[] keyEncryptionKey(byte[] secret, AlgorithmIdentifier wrap) throws Exception {
        byte[] key = new byte[octetsOf(wrap.getAlgorithm())];
        Kdf3 kdf3 = new Kdf3();
        kdf3.init(new KDFParameters(secret, new DERSequence(new ASN1Encodable[] { wrap, new ASN1Integer(key.length) }).getEncoded("DER")));
        kdf3.generateBytes(key, 0, key.length);
        return key;
    }

    static RecipientInfoGenerator encapsulation(X509CertificateHolder to) {
        return contentKey -> {
            try {
                byte[] octets = contentKey.getRepresentation() instanceof byte[] raw ? raw : ((Key) contentKey.getRepresentation()).getEncoded();
                AlgorithmIdentifier wrap = new AlgorithmIdentifier(octets.length == 16 ? AES128_WRAP : octets.length == 24 ? AES192_WRAP : AES256_WRAP);
                int size = octetsOf(wrap.getAlgorithm());
                RSAKEMGenerator generator = new RSAKEMGenerator(size, new Kdf3(), new SecureRandom());
                var made = generator.generateEncapsulated(PublicKeyFactory.createKey(to.getSubjectPublicKeyInfo()));
                RFC3394WrapEngine engine = new RFC3394WrapEngine(new AESEngine());
                engine.init(true, new KeyParameter(keyEncryptionKey(made.getSecret(), wrap)));
                AlgorithmIdentifier kdf3 = new AlgorithmIdentifier(KDF3, new AlgorithmIdentifier(SHA256));
                return new RecipientInfo(new OtherRecipientInfo(ORI_KEM, new DERSequence(new ASN1Encodable[] {
                    new ASN1Integer(0), new IssuerAndSerialNumber(to.getIssuer(), to.getSerialNumber()), new AlgorithmIdentifier(KEM_RSA),
                    new DEROctetString(made.getEncapsulation()), kdf3, new ASN1Integer(size), wrap,
                    new DEROctetString(engine.wrap(octets, 0, octets.length)) })));
            } catch (Exception e) {
                throw new CMSException("RSA-KEM", e);
            }
        };
    }

    /** The content key of a KEMRecipientInfo without ukm and RsaKemParameters, or null if it is somebody else's. */
    static byte[] decapsulate(X509CertificateHolder holder, PrivateKey key, ASN1Sequence fields) throws Exception {
        IssuerAndSerialNumber id = IssuerAndSerialNumber.getInstance(fields.getObjectAt(1));
        if (!id.getName().equals(holder.getIssuer()) || !id.getSerialNumber().hasValue(holder.getSerialNumber())) {
            return null;
        }
        AlgorithmIdentifier kem = AlgorithmIdentifier.getInstance(fields.getObjectAt(2)), kdf = AlgorithmIdentifier.getInstance(fields.getObjectAt(4)),
            wrap = AlgorithmIdentifier.getInstance(fields.getObjectAt(6));
        int size = octetsOf(wrap.getAlgorithm());
        boolean known = kem.equals(new AlgorithmIdentifier(KEM_RSA)) && kdf.getAlgorithm().equals(KDF3)
            && AlgorithmIdentifier.getInstance(kdf.getParameters()).getAlgorithm().equals(SHA256)
            && ASN1Integer.getInstance(fields.getObjectAt(5)).hasValue(size) && fields.size() == 8;
        if (!known) {
            throw new IllegalArgumentException("another KEM, KDF or length, or a ukm");
        }
        RSAKEMExtractor extractor = new RSAKEMExtractor((RSAKeyParameters) PrivateKeyFactory.createKey(key.getEncoded()), size, new Kdf3());
        byte[] secret = extractor.extractSecret(ASN1OctetString.getInstance(fields.getObjectAt(3)).getOctets());
        RFC3394WrapEngine engine = new RFC3394WrapEngine(new AESEngine());
        engine.init(false, new KeyParameter(keyEncryptionKey(secret, wrap)));
        byte[] wrapped = ASN1OctetString.getInstance(fields.getObjectAt(7)).getOctets();
        return engine.unwrap(wrapped, 0, wrapped.length);
    }

    // ---- verbs

    static byte[] sign(String[] arguments, byte[] content) throws Exception {
        X509CertificateHolder holder = certificate(arguments[0]);
        ContentSigner signer = new JcaContentSignerBuilder(arguments[2]).setProvider("BC").build(privateKey(arguments[1]));
        DigestCalculatorProvider digests = new JcaDigestCalculatorProviderBuilder().setProvider("BC").build();
        CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
        generator.addSignerInfoGenerator(new JcaSignerInfoGeneratorBuilder(digests).build(signer, holder));
        generator.addCertificate(holder);
        return generator.generate(new CMSProcessableByteArray(content), true).toASN1Structure().getEncoded("DER");
    }

    static byte[] verify(String[] arguments, byte[] message) throws Exception {
        X509CertificateHolder holder = certificate(arguments[0]);
        CMSSignedData data = new CMSSignedData(message);
        for (SignerInformation signer : data.getSignerInfos()) {
            if (!signer.getSID().match(holder) || !signer.verify(new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(holder))) {
                throw new SecurityException("the signature does not verify");
            }
        }
        if (data.getSignerInfos().size() == 0) {
            throw new SecurityException("nobody signed");
        }
        return (byte[]) data.getSignedContent().getContent();
    }

    static byte[] encrypt(String[] arguments, byte[] content) throws Exception {
        X509CertificateHolder holder = certificate(arguments[0]);
        String cipher = arguments[1], scheme = arguments[2];
        List<String> options = Arrays.asList(arguments).subList(3, arguments.length);
        PublicKey key = new JcaPEMKeyConverter().setProvider("BC").getPublicKey(holder.getSubjectPublicKeyInfo());
        RecipientInfoGenerator recipient;
        if (scheme.equals("ecdh-sha256")) {
            KeyPair own = ephemeral(key);
            JceKeyAgreeRecipientInfoGenerator generator = new JceKeyAgreeRecipientInfoGenerator(CMSAlgorithm.ECDH_SHA256KDF,
                own.getPrivate(), own.getPublic(), CMSAlgorithm.AES256_WRAP).setProvider("BC");
            generator.addRecipient(new JcaX509CertificateConverter().setProvider("BC").getCertificate(holder));
            recipient = generator;
        } else if (scheme.equals("rsa-kem")) {
            recipient = encapsulation(holder);
        } else {
            recipient = agreement(holder, key, scheme, options.contains("ukm") ? random(64) : null);
        }
        OutputEncryptor encryptor = encryptor(cipher);
        CMSTypedData data = new CMSProcessableByteArray(content);
        if (encryptor instanceof OutputAEADEncryptor aead) {
            CMSAuthEnvelopedDataGenerator generator = new CMSAuthEnvelopedDataGenerator();
            generator.addRecipientInfoGenerator(recipient);
            if (options.contains("attributes")) {
                ASN1EncodableVector attributes = new ASN1EncodableVector();
                attributes.add(new Attribute(CMSAttributes.signingTime, new DERSet(new Time(new Date()))));
                attributes.add(new Attribute(CMSAttributes.contentType, new DERSet(CMSObjectIdentifiers.data)));
                generator.setAuthenticatedAttributeGenerator(new SimpleAttributeTableGenerator(new AttributeTable(attributes)));
            }
            return generator.generate(data, aead).toASN1Structure().getEncoded("DER");
        }
        CMSEnvelopedDataGenerator generator = new CMSEnvelopedDataGenerator();
        generator.addRecipientInfoGenerator(recipient);
        return generator.generate(data, encryptor).toASN1Structure().getEncoded("DER");
    }

    static byte[] decrypt(String[] arguments, byte[] message) throws Exception {
        X509CertificateHolder holder = certificate(arguments[0]);
        PrivateKey key = privateKey(arguments[1]);
        ContentInfo info = ContentInfo.getInstance(ASN1Primitive.fromByteArray(message));
        boolean authenticated = info.getContentType().equals(CMSObjectIdentifiers.authEnvelopedData);
        ASN1Set recipients;
        EncryptedContentInfo content;
        byte[] aad = {}, mac = {};
        if (authenticated) {
            AuthEnvelopedData data = AuthEnvelopedData.getInstance(info.getContent());
            recipients = data.getRecipientInfos();
            content = data.getAuthEncryptedContentInfo();
            mac = data.getMac().getOctets();
            if (data.getAuthAttrs() != null) {
                aad = data.getAuthAttrs().getEncoded("DER");
            }
        } else {
            EnvelopedData data = EnvelopedData.getInstance(info.getContent());
            recipients = data.getRecipientInfos();
            content = data.getEncryptedContentInfo();
        }
        for (ASN1Encodable one : recipients) {
            if (RecipientInfo.getInstance(one).getInfo() instanceof OtherRecipientInfo other && other.getType().equals(ORI_KEM)) {
                byte[] contentKey = decapsulate(holder, key, ASN1Sequence.getInstance(other.getValue()));
                if (contentKey != null) {
                    return open(content.getContentEncryptionAlgorithm(), contentKey, aad, content.getEncryptedContent().getOctets(), mac);
                }
            }
            if (!(RecipientInfo.getInstance(one).getInfo() instanceof KeyAgreeRecipientInfo found)) {
                continue;
            }
            for (ASN1Encodable each : found.getRecipientEncryptedKeys()) {
                RecipientEncryptedKey entry = RecipientEncryptedKey.getInstance(each);
                IssuerAndSerialNumber id = entry.getIdentifier().getIssuerAndSerialNumber();
                if (id == null || !id.getName().equals(holder.getIssuer()) || !id.getSerialNumber().hasValue(holder.getSerialNumber())) {
                    continue;
                }
                OriginatorPublicKey originator = found.getOriginator().getOriginatorKey();
                SubjectPublicKeyInfo spki = new SubjectPublicKeyInfo(holder.getSubjectPublicKeyInfo().getAlgorithm(), originator.getPublicKey().getBytes());
                PublicKey peer = new JcaPEMKeyConverter().setProvider("BC").getPublicKey(spki);
                byte[] ukm = found.getUserKeyingMaterial() == null ? null : found.getUserKeyingMaterial().getOctets();
                byte[] kek = keyEncryptionKey(key, peer, found.getKeyEncryptionAlgorithm(), ukm);
                byte[] wrapped = entry.getEncryptedKey().getOctets();
                RFC3394WrapEngine engine = new RFC3394WrapEngine(new AESEngine());
                engine.init(false, new KeyParameter(kek));
                byte[] contentKey = engine.unwrap(wrapped, 0, wrapped.length);
                return open(content.getContentEncryptionAlgorithm(), contentKey, aad, content.getEncryptedContent().getOctets(), mac);
            }
        }
        throw new IllegalArgumentException("no recipient of this certificate");
    }
}
