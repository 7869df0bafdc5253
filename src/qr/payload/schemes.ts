// The address schemes that stand without "//" and that phones, wallets and readers of codes know.

// After IANA's registry of URI schemes and the makers of wallets and apps. A scheme with "//" needs no list.
const SCHEMES = [
  // Calls and messages.
  'tel sms smsto mms mmsto mailto callto fax facetime facetime-audio sip sips h323 xmpp im pres acct skype matrix jami tox',
  // Places.
  'geo maps',
  // Payments.
  'bitcoin bitcoincash litecoin dogecoin dash zcash monero ethereum lightning lnurl lnurlp lnurlw lnurlc solana cardano',
  'stellar ripple xrpl tezos polkadot cosmos algorand tron nano ton iota decred namecoin qtum liquidnetwork wc payto upi',
  // Names of things.
  'urn tag did doi info ni nih isbn ark swh ipfs ipns magnet nostr openpgp4fpr news mid cid dns',
  // What readers of codes hand to the system: eSIM, Wi-Fi Easy Connect, passkeys, smart homes, certificates, contacts.
  'lpa dpp fido mt hc1 shc wifi mecard bizcard matmsg',
  // Apps.
  'intent market spotify steam podcast feed webcal',
];

const KNOWN: ReadonlySet<string> = new Set(SCHEMES.flatMap((line) => line.split(' ')));

/** Whether `scheme` (lower case, without its colon) is one that may stand without "//". */
export function isKnownScheme(scheme: string): boolean {
  // web+… are the handlers that web pages register (HTML standard, registerProtocolHandler).
  return KNOWN.has(scheme) || /^web\+[a-z]+$/.test(scheme);
}
