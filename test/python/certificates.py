"""Certificates of WAMP-cryptosign, made with Crossbar's own tools (package xbr).

    certificates.py FOLDER SEED

Writes root.crt into the folder, and prints what a client with this private key (Ed25519, hex) says in
HELLO: {"pubkey": ..., "trustroot": ..., "certificates": [...]}.
"""

import asyncio
import json
import sys
from binascii import a2b_hex

import txaio

txaio.use_asyncio()

from autobahn.wamp.cryptosign import CryptosignKey  # noqa: E402
from xbr import EIP712AuthorityCertificate, EIP712DelegateCertificate  # noqa: E402
from xbr._secmod import EthereumKey  # noqa: E402

ADDRESSES = ("verifyingContract", "delegate", "issuer", "subject", "realm")


def typed_data(certificate):
    """As `marshal` has it, which cannot write addresses with the web3 that Crossbar installs."""
    data = certificate.marshal(binary=True)
    for name, value in data["message"].items():
        if isinstance(value, bytes):
            data["message"][name] = ("0x" if name in ADDRESSES else "") + value.hex()
    return data


async def main(folder, seed):
    root, between, delegate = (EthereumKey.from_bytes(bytes([number] * 32)) for number in (1, 2, 3))
    pubkey = CryptosignKey.from_bytes(a2b_hex(seed)).public_key(binary=True)
    common = {"chainId": 1, "verifyingContract": bytes(range(20)), "meta": ""}

    def authority(issuer, subject, capabilities):
        return EIP712AuthorityCertificate(
            **common, validFrom=100, issuer=issuer.address(binary=True),
            subject=subject.address(binary=True), realm=bytes(20), capabilities=capabilities)

    first = EIP712DelegateCertificate(
        **common, validFrom=101, delegate=delegate.address(binary=True), csPubKey=pubkey,
        bootedAt=1657781999)
    chain = [(first, delegate), (authority(between, delegate, 12), between),
             (authority(root, between, 14), root), (authority(root, root, 63), root)]
    signed = []
    for certificate, key in chain:
        signature = await certificate.sign(key, binary=True)
        signed.append([certificate.hash.hex(), typed_data(certificate), signature.hex()])
        certificate.signatures = [signature]
    chain[-1][0].save(f"{folder}/root.crt")
    print(json.dumps({"pubkey": pubkey.hex(), "trustroot": root.address(), "certificates": signed}))


asyncio.run(main(*sys.argv[1:]))
