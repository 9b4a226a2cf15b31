import java.io.*;
import java.nio.file.*;
import java.security.*;
import java.security.cert.*;
import java.util.*;
import org.bouncycastle.asn1.*;
import org.bouncycastle.asn1.cms.*;
import org.bouncycastle.asn1.x509.*;
import org.bouncycastle.cms.*;
import org.bouncycastle.cms.jcajce.*;
import org.bouncycastle.operator.*;
import org.bouncycastle.operator.bc.*;
import org.bouncycastle.operator.jcajce.*;

/** CMS content types by Bouncy Castle: `java -cp JARS Content.java VERB [ARGUMENTS] < in > out`. */
public class Content {

    /** The certificates of a PEM file, whatever else is in it. */
    static List<X509Certificate> certificates(String file) throws Exception {
        List<X509Certificate> all = new ArrayList<>();
        try (Reader r = new FileReader(file)) {
            org.bouncycastle.openssl.PEMParser p = new org.bouncycastle.openssl.PEMParser(r);
            for (Object o; (o = p.readObject()) != null; )
                if (o instanceof org.bouncycastle.cert.X509CertificateHolder)
                    all.add(new org.bouncycastle.cert.jcajce.JcaX509CertificateConverter().getCertificate((org.bouncycastle.cert.X509CertificateHolder) o));
        }
        return all;
    }

    static X509Certificate certificate(String file) throws Exception {
        return certificates(file).get(0);
    }

    static PrivateKey key(String file) throws Exception {
        try (Reader r = new FileReader(file)) {
            org.bouncycastle.openssl.PEMParser p = new org.bouncycastle.openssl.PEMParser(r);
            for (Object o; (o = p.readObject()) != null; ) {
                if (o instanceof org.bouncycastle.asn1.pkcs.PrivateKeyInfo)
                    return new org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter().getPrivateKey((org.bouncycastle.asn1.pkcs.PrivateKeyInfo) o);
                if (o instanceof org.bouncycastle.openssl.PEMKeyPair)
                    return new org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter().getPrivateKey(((org.bouncycastle.openssl.PEMKeyPair) o).getPrivateKeyInfo());
            }
        }
        throw new IOException("no private key in " + file);
    }

    static CMSTypedData data(byte[] content) {
        return new CMSProcessableByteArray(content);
    }

    /** The content of a ContentInfo as the content of another object: its type, and its value without the ContentInfo. */
    static CMSTypedData typed(byte[] object, boolean whole) throws Exception {
        org.bouncycastle.asn1.cms.ContentInfo info = org.bouncycastle.asn1.cms.ContentInfo.getInstance(object);
        byte[] content = whole ? object : info.getContent().toASN1Primitive().getEncoded("DER");
        return new CMSProcessableByteArray(info.getContentType(), content);
    }

    static byte[] compress(CMSTypedData content) throws Exception {
        return new CMSCompressedDataGenerator().generate(content, new ZlibCompressor()).getEncoded();
    }

    static byte[] sign(CMSTypedData content, String identity) throws Exception {
        X509Certificate certificate = certificate(identity);
        CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
        String algorithm = certificate.getPublicKey().getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA";
        ContentSigner signer = new JcaContentSignerBuilder(algorithm).build(key(identity));
        generator.addSignerInfoGenerator(new JcaSignerInfoGeneratorBuilder(new JcaDigestCalculatorProviderBuilder().build()).build(signer, certificate));
        generator.addCertificates(new org.bouncycastle.cert.jcajce.JcaCertStore(certificates(identity)));
        return generator.generate(content, true).getEncoded();
    }

    static byte[] encrypt(CMSTypedData content, String recipient) throws Exception {
        CMSEnvelopedDataGenerator generator = new CMSEnvelopedDataGenerator();
        generator.addRecipientInfoGenerator(new JceKeyTransRecipientInfoGenerator(certificate(recipient)));
        return generator.generate(content, new JceCMSContentEncryptorBuilder(CMSAlgorithm.AES256_CBC).build()).getEncoded();
    }

    static byte[] authenticate(CMSTypedData content, String recipient, String mac, boolean attributes) throws Exception {
        CMSAuthenticatedDataGenerator generator = new CMSAuthenticatedDataGenerator();
        generator.addRecipientInfoGenerator(new JceKeyTransRecipientInfoGenerator(certificate(recipient)));
        MacCalculator calculator = new JceCMSMacCalculatorBuilder(new ASN1ObjectIdentifier(mac)).build();
        if (!attributes) return generator.generate(content, calculator).getEncoded();
        DigestCalculator digest = new JcaDigestCalculatorProviderBuilder().build().get(new AlgorithmIdentifier(org.bouncycastle.asn1.nist.NISTObjectIdentifiers.id_sha256));
        return generator.generate(content, calculator, digest).getEncoded();
    }

    public static void main(String[] a) throws Exception {
        Security.addProvider(new org.bouncycastle.jce.provider.BouncyCastleProvider());
        byte[] input = System.in.readAllBytes();
        byte[] out;
        switch (a[0]) {
            case "compress": out = compress(data(input)); break;
            case "uncompress": out = new CMSCompressedData(input).getContent(new ZlibExpanderProvider()); break;
            case "authenticate": out = authenticate(data(input), a[1], a[2], a[3].equals("attributes")); break;
            // sign, encrypt or compress an object without MIME between: its value, or (whole) its ContentInfo
            case "nest-sign": out = sign(typed(input, a[2].equals("whole")), a[1]); break;
            case "nest-encrypt": out = encrypt(typed(input, a[2].equals("whole")), a[1]); break;
            case "nest-compress": out = compress(typed(input, a[1].equals("whole"))); break;
            default: throw new IOException("unknown verb");
        }
        System.out.write(out);
        System.out.flush();
    }
}
