// The address schemes that stand without "//" and that phones, wallets and readers of codes know.

// After IANA's registry of URI schemes and the makers of the apps. Schemes with "//" need no list: nothing else looks so.
const SCHEMES = [
  // Calls and messages.
  'tel sms smsto mms mmsto mailto callto fax facetime facetime-audio facetime-audio-prompt facetime-prompt sip sips',
  'xmpp im pres acct skype matrix jami tox threema whatsapp viber line signal tg weixin kakaotalk conf',
  // Places.
  'geo maps waze',
  // Payments.
  'bitcoin bitcoincash bitcoinsv bchtest litecoin dogecoin dash zcash monero ethereum ethereumclassic lightning lnurl',
  'lnurlp lnurlw lnurlc keyauth solana cardano stellar ripple xrpl tezos polkadot cosmos algorand tron nano ton',
  'iota decred namecoin peercoin qtum liquidnetwork wc cashaddr ark payto upi pay',
  // Names of things.
  'urn tag did doi info ni nih isbn ipfs ipns ipn magnet ed2k nostr openpgp4fpr news mid cid dns dtn swh z39.50r z39.50s',
  'at dat hyper ens h323 web3 go data-urn',
  // What readers of codes hand to the system: eSIM, Wi-Fi Easy Connect, passkeys, smart homes, certificates.
  'lpa dpp fido mt hc1 shc wifi mecard bizcard matmsg',
  // Apps.
  'intent market spotify steam itunes podcast feed webcal zoommtg msteams slack calshow shortcuts',
];

const KNOWN: ReadonlySet<string> = new Set(SCHEMES.flatMap((line) => line.split(' ')));

/** Whether `scheme` (lower case, without its colon) is one that may stand without "//". */
export function isKnownScheme(scheme: string): boolean {
  // web+… are the handlers that web pages register (HTML, 8.9.1.3).
  return KNOWN.has(scheme) || /^web\+[a-z]+$/.test(scheme);
}
