/** A certificate authority and leaves of our own, for tests of TLS. */
import "reflect-metadata";
import * as x509 from "@peculiar/x509";

const EC = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const validity = {
  notBefore: new Date(Date.now() - 3_600_000),
  notAfter: new Date(Date.now() + 3_600_000),
};

export interface Authority {
  /** The authority's certificate, PEM. */
  readonly cert: string;
  /** A certificate and key (PEM) for a DNS name. */
  leaf(name: string): Promise<{ cert: string; key: string }>;
}

export async function authority(): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(EC, true, ["sign", "verify"]) as CryptoKeyPair;
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    name: `CN=Test authority ${crypto.randomUUID()}`,
    keys,
    signingAlgorithm: EC,
    extensions: [
      new x509.BasicConstraintsExtension(true, 1, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  return {
    cert: root.toString("pem"),
    async leaf(name) {
      const own = await crypto.subtle.generateKey(EC, true, ["sign", "verify"]) as CryptoKeyPair;
      const cert = await x509.X509CertificateGenerator.create({
        ...validity,
        subject: `CN=${name}`,
        issuer: root.subject,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: EC,
        extensions: [
          new x509.SubjectAlternativeNameExtension([{ type: "dns", value: name }]),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        ],
      });
      const key = await crypto.subtle.exportKey("pkcs8", own.privateKey);
      return { cert: cert.toString("pem"), key: x509.PemConverter.encode(key, "PRIVATE KEY") };
    },
  };
}
