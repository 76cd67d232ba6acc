"""Identity providers as manifests declare them."""

KEYCLOAK = {
    "provider": "keycloak",
    "server_url": "https://login.example",
    "realm": "mail",
    "version": "26",
    "client_id": "mailcow",
    "client_secret": {"env": "PASSWORD"},
    "redirect_url": "https://mail.example",
}
LDAP = {
    "provider": "ldap",
    "host": "ldap.example",
    "base_dn": "dc=example",
    "bind_dn": "cn=mailcow",
    "bind_password": {"env": "PASSWORD"},
}
