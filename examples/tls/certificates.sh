#!/bin/sh
# An authority, a server for localhost and a client, to try things with. Takes nothing, writes to this folder.
set -eu
cd "$(dirname "$0")"
new="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"

openssl req -x509 $new -keyout server.key -out server.pem -days 30 -subj /CN=localhost \
  -addext "subjectAltName=DNS:localhost,IP:127.0.0.1"
openssl req -x509 $new -keyout clients.key -out clients.pem -days 30 -subj "/CN=clients' authority"
openssl req $new -keyout alice.key -out alice.csr -subj /CN=alice
openssl x509 -req -in alice.csr -CA clients.pem -CAkey clients.key -CAcreateserial -out alice.pem -days 30

# The node knows alice by the fingerprint of her certificate.
fingerprint=$(openssl x509 -in alice.pem -noout -fingerprint -sha256 | cut -d= -f2)
sed "s/\"certificate-sha256\": \"[0-9A-Fa-f:]*\"/\"certificate-sha256\": \"$fingerprint\"/" node.json > node.new
mv node.new node.json
