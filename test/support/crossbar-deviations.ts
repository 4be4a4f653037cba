/** What this program refuses although Crossbar starts with it; docs/compatibility.md gives the reasons. */

const IN_EXTENSION = /\.(balancing|health_check|cluster)\b/;

/** Faults by their paths and sentences, under the titles of the rows. */
export const DEVIATIONS: Record<string, readonly RegExp[]> = {
  "a value of another type, or out of its range, that decides about authentication or authorization":
    [
      /\.auth((\.|\[).*: |: expected )/,
      /\.roles\[\d+\]\["allow-by-default"\]: /,
      /\.options\.allowed_origins/,
      /\.options\.external_port: /,
      /\.options\.require_ip/,
      /\.options\.secret: needs "key"/,
      /\.trusted_proxies/,
    ],
  "a certificate, key or digest that cannot be read": [/\.tls(\.|:)/, /\.hashes\[/],
  "an empty text as a name, a role, a file or a URL": [
    /: expected (a text|module\.name|an id .*|a URL .*), found (an empty one|"")$/,
  ],
  "a text in place of a list": [/: expected (list|object), found ("|list|object)/],
  "a port that is no number": [/\.endpoint\.port(range)?: /],
  "a file name with a zero octet, an attribute `constructor` or `prototype`": [
    /: a file name cannot contain a zero octet/,
    /: the attribute name "(constructor|prototype)" is not allowed/,
  ],
  "an id, a role of a realm or a socket that is used twice": [
    / is given twice$/,
    / is already used by /,
  ],
  "an extension of this program with a wrong value": [
    IN_EXTENSION,
    /"(authenticator|authorizer)-timeout"/,
    /\.max_realms: /,
  ],
  "an archive that is missing and has no origin, a folder of cookies that is missing": [
    /: no such file, and no "origin" is given$/,
    /: Cannot keep cookies in ".*": no such folder$/s,
  ],
  "templates or schemas that are missing, a rule of `wap` that is malformed": [
    /: Cannot read templates in ".*": no such folder$/s,
    /: Cannot show ".*": no such file or folder$/s,
    /\.routes\[\d+\]\.(path: expected a rule of Werkzeug|method: expected )/,
  ],
  "a socket file of a variable that is not set, or with a name too long for the system": [
    /\.endpoint\.path: (environment variable \S+ is not set|socket file ".*" has \d+ octets; .*)$/s,
  ],
  "a component of a realm that its worker lacks": [/\.components\[\d+\]\.realm: this worker/],
  "a `host` of a `reverseproxy` that is no name and no address": [
    /: expected the name or the address of a server, found /,
  ],
  "a program or class that cannot be run": [
    /\.callbacks/,
    /\.classname: /,
    /\.options\.(python|pythonpath|cpu_affinity|env\.inherit)/,
  ],
  "a connection or a component without a usable type, endpoint, URL or serializer": [
    /\.(connections\.\w+|components\[\d+\])\.transport\.(endpoint|url|serializers?)/,
    /\.paths\..*\.backend\.(type|endpoint|url|serializers?)/,
  ],
};

/** The title of the row that a fault falls under; null where it is no deviation that is known. */
export function deviationOf(fault: string): string | null {
  if (fault.includes(": unknown attribute") && !IN_EXTENSION.test(fault)) return null;
  const found = Object.entries(DEVIATIONS).find(([, patterns]) =>
    patterns.some((pattern) => pattern.test(fault)),
  );
  return found?.[0] ?? null;
}
