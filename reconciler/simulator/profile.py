"""What a mailcow version can do, as data: one table of features with the version each came with.

Behaviours ask ``call.has("tags")``; nothing in this package compares version strings elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering

_VERSION = re.compile(r"^(20\d\d)-(0[1-9]|1[0-2])([a-z]?)$")
OLDEST = "2022-01"
NEWEST = "2026-07a"


class UnknownVersionError(ValueError):
    """A version text that is none of mailcow's between 2022-01 and 2026-07a."""


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """A release like ``2024-08a``: year, month, and the letter of a patch release."""

    year: int
    month: int
    letter: str

    @classmethod
    def parse(cls, written: str) -> Version:
        """Read a version as mailcow writes it.

        Raises:
            UnknownVersionError: The text has another form.
        """
        if match := _VERSION.match(written):
            return cls(int(match[1]), int(match[2]), match[3])
        raise UnknownVersionError(f"{written!r} is not a mailcow version like 2024-08a")

    def __lt__(self, other: Version) -> bool:
        return (self.year, self.month, self.letter) < (other.year, other.month, other.letter)

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02d}{self.letter}"


@dataclass(frozen=True, slots=True)
class Feature:
    """Something only some versions have.

    Attributes:
        since: First release that has it.
        source: Where that is known from.
        until: First release that no longer has it; None where it stayed.
    """

    since: str
    source: str
    until: str | None = None


FEATURES: dict[str, Feature] = {
    # protocol
    "status_version": Feature("2022-05", "json_api.php: get/status/version"),
    "scalar_items": Feature("2022-05", "json_api.php: api_log survives a scalar items"),
    "sec_fetch_dest": Feature("2024-04", "json_api.php: 403 on Sec-Fetch-Dest other than empty"),
    "query_string": Feature("2022-05", "nginx passes $args to json_api.php, for ?tags="),
    "session_cookie_mcsessid": Feature("2025-09c", "vars.inc.php: name and SameSite of the session cookie"),
    "cors": Feature("2023-07", "json_api.php: edit/cors; functions.inc.php: cors()"),
    "cors_runs_on": Feature("2025-03", "json_api.php: edit/cors goes on into edit/identity-provider", until="2025-12"),
    "cors_strict_origin": Feature("2026-07a", "functions.inc.php: normalize_cors_origin"),
    "html_errors_are_500": Feature("2023-12", "prerequisites.inc.php: status where Redis or the database is down"),
    "search": Feature("2026-03", "json_api.php: POST search/domain, search/mailbox"),
    "authenticated_by_login": Feature("2025-03", "json_api.php: add/fido2-args is gone"),
    "safe_parallel_writers": Feature("2023-05", "measured: four writers on 2022-01a leave half-created mailboxes"),
    # domains, mailboxes, aliases and what hangs on them
    "spam_alias_of_alias_domain": Feature("2022-03a", "functions.mailbox.inc.php: alias domains take theirs along"),
    "tags": Feature("2022-05", "json_api.php: tags of domains and mailboxes, delete/domain/tag"),
    "domain_add_dkim_available": Feature("2022-06a", "functions.mailbox.inc.php"),
    "dkim_import_removes": Feature("2022-06a", "functions.dkim.inc.php: import deletes the key before"),
    "pushover_sound": Feature("2022-11", "functions.pushover.inc.php"),
    "mailbox_by_domain": Feature("2022-05", "json_api.php: get/mailbox/X looks for a domain X", until="2022-05b"),
    "syncjobs_withheld": Feature("2022-06a", "init_db.inc.php: user_acl.syncjobs is 0 unless told otherwise"),
    "templates": Feature("2022-12", "json_api.php: domain and mailbox templates"),
    "mailbox_created": Feature("2022-12", "init_db.inc.php: mailbox.created, mailbox.modified"),
    "domain_admin_sso": Feature("2023-02", "json_api.php: add/sso/domain-admin"),
    "tag_deletion_checked": Feature("2023-01", "functions.mailbox.inc.php: delete tags_domain asks for the domain"),
    "foreign_sender_acl_goes": Feature("2023-05", "functions.mailbox.inc.php: deleting a mailbox, its send_as rows"),
    "no_rights_untold": Feature("2023-10", "functions.mailbox.inc.php: mailboxes and templates added without acl"),
    "domain_wide_footer_route": Feature("2023-10", "json_api.php: edit/domain-wide-footer, gone in 2023-11a"),
    "footer": Feature("2023-11a", "json_api.php: edit/domain/footer"),
    "footer_skip_replies": Feature("2024-01", "functions.mailbox.inc.php"),
    "footer_alias_domain_exclude": Feature("2024-02", "functions.mailbox.inc.php"),
    "template_protocols_off": Feature("2024-01", "functions.mailbox.inc.php: add mailbox_templates heeds the list"),
    "template_defaults": Feature("2024-01", "functions.mailbox.inc.php: adds take what is not said from a template"),
    "mailbox_relayhost_column": Feature("2022-01", "functions.mailbox.inc.php: mailbox_details", until="2024-01"),
    "datatables": Feature("2024-01", "json_api.php: get/domain/datatables", until="2026-03"),
    "custom_attributes": Feature("2023-11a", "json_api.php: edit/mailbox/custom-attribute"),
    "spam_score_get": Feature("2023-11a", "json_api.php: get/spam-score"),
    "domain_h_name": Feature("2024-02", "functions.mailbox.inc.php: domain_details"),
    "password_reset": Feature("2024-08", "functions.inc.php: reset_password; ACL pw_reset, recovery_email"),
    "rename_mailbox": Feature("2024-11", "json_api.php: edit/rename-mbox"),
    "last_sso_login": Feature("2024-11", "functions.mailbox.inc.php: mailbox_details"),
    "spam_alias_description": Feature("2025-01", "functions.mailbox.inc.php: time_limited_alias description"),
    "quoted_patterns": Feature("2025-01", "functions.mailbox.inc.php: preg_quote around addresses in REGEXP"),
    "dkim_dotted_selector": Feature("2025-01", "functions.dkim.inc.php"),
    "dkim_3072": Feature("2025-03", "functions.dkim.inc.php: details tells 3072 from 2048"),
    "mailbox_tags_twice": Feature("2025-03", "functions.mailbox.inc.php: tags a mailbox has are passed over"),
    "rename_of_active_only": Feature("2025-03a", "functions.mailbox.inc.php: mailbox_rename asks whether it is active"),
    "authsource": Feature("2025-03", "functions.mailbox.inc.php: mailbox authsource, attribute_hash"),
    "alias_internal": Feature("2025-09", "functions.mailbox.inc.php: alias.internal"),
    "tagged_mail_handler": Feature("2025-09", "functions.mailbox.inc.php: in add and edit of mailboxes"),
    "app_password_key": Feature("2025-09c", "functions.app_passwd.inc.php: edit's key was renamed"),
    "permanent_spam_alias": Feature("2025-12", "functions.mailbox.inc.php: time_limited_alias permanent"),
    "alias_sender_allowed": Feature("2026-01", "functions.mailbox.inc.php: alias.sender_allowed"),
    "eas_dav_access": Feature("2026-01", "functions.mailbox.inc.php: eas_access, dav_access"),
    "force_tfa": Feature("2026-03", "functions.admin.inc.php, functions.domain_admin.inc.php"),
    "incremental_sogo": Feature("2026-03", "functions.mailbox.inc.php: add alias reads its targets anew after each"),
    "quarantine_category_check": Feature("2026-03b", "functions.mailbox.inc.php"),
    "force_tfa_but_oidc": Feature("2026-03b", "functions.mailbox.inc.php: dropped for every external source before"),
    "spam_score_of_mailboxes_only": Feature("2026-03b", "functions.mailbox.inc.php: edit spam_score"),
    "template_edit_force_tfa": Feature("2026-07", "functions.mailbox.inc.php: edit mailbox_templates"),
    "default_template_eas_dav": Feature("2026-07a", "init_db.inc.php: the default template names them"),
    "spam_alias_validity": Feature("2026-07a", "functions.mailbox.inc.php: a year whatever was asked for, before"),
    "spam_alias_without_description": Feature("2026-07a", "functions.mailbox.inc.php: description ?? ''"),
    "mailbox_sender_acl": Feature("2026-07a", "functions.mailbox.inc.php: sender_acl in mailbox_details"),
    # routing and settings
    "password_policy_route": Feature("2023-01", "json_api.php: get/passwordpolicy without /html"),
    "ip_check": Feature("2023-01", "json_api.php: edit/ip_check"),
    "f2b_sasl_answer": Feature("2022-05", "the netfilter container's rule on SASL names the answer"),
    "f2b_login_gap": Feature("2022-12", "the netfilter container's rules on Dovecot allow for a word more"),
    "f2b_escaped_rules": Feature("2024-06", "the netfilter container's rules keep the backslashes before quotes"),
    "f2b_password_mismatch": Feature("2025-02", "the netfilter container's rules on Dovecot read its auth log"),
    "ban_time_increment": Feature("2023-04", "functions.fail2ban.inc.php"),
    "bcc_alias_addresses": Feature("2023-05", "functions.address_rewriting.inc.php, 6824a5650"),
    "syncjob_pipe_any_case": Feature("2022-05d", "functions.mailbox.inc.php: pipemess is found in any case"),
    "syncjob_pipe_misspelt": Feature("2022-06", "functions.mailbox.inc.php: pipemes drops the options too"),
    "syncjob_option_list": Feature("2022-06a", "functions.mailbox.inc.php: options are checked, 'bad option X'"),
    "syncjob_no_options": Feature("2022-06b", "functions.mailbox.inc.php: before, no option was a bad one"),
    "syncjob_split_options": Feature(
        "2022-07", "functions.mailbox.inc.php, vars.inc.php: split at every hyphen, inet4"
    ),
    "syncjob_dry": Feature("2023-11", "init_db.inc.php: imapsync.dry"),
    "manage_external": Feature("2023-12", "functions.fail2ban.inc.php: banlist_id, manage_external"),
    "banlist_route": Feature("2023-12", "json_api.php: get/fail2ban/banlist"),
    "banlist_page": Feature("2025-01", "f2b-banlist.php instead of get/fail2ban/banlist"),
    "rspamd_map_check": Feature("2024-04", "functions.rspamd.inc.php: invalid maps are no longer written"),
    "sieve_enotify": Feature("2024-08", "lib/sieve/extensions: enotify, mime"),
    "recipient_map_domains": Feature("2025-02", "functions.address_rewriting.inc.php: domain targets"),
    "identity_provider": Feature("2025-03", "json_api.php: get/identity-provider"),
    "app_links_hidden": Feature("2025-03", "functions.customize.inc.php: app_links user_href, hide"),
    "login_provisioning": Feature(
        "2025-05", "functions.inc.php: identity_provider login_provisioning, redirect_url_extra"
    ),
    "custom_login": Feature("2025-05", "json_api.php: edit/custom_login"),
    "mta_sts": Feature("2025-09", "json_api.php: add/mta-sts"),
    "quarantine_hash": Feature("2025-09", "init_db.inc.php: quarantine.qhash"),
    "mta_sts_wildcard": Feature("2025-09c", "functions.inc.php: is_valid_domain_name allows wildcards"),
    # status and logs
    "host_status": Feature("2022-12", "json_api.php: get/status/host, get/status/container"),
    "cron_log": Feature("2025-03", "json_api.php: get/logs/cron"),
    "solr": Feature("2022-01", "json_api.php: get/status/solr", until="2025-01"),
}


class Profile:
    """One version's abilities."""

    __slots__ = ("_has", "version")

    def __init__(self, version: str) -> None:
        self.version = Version.parse(version)
        if not Version.parse(OLDEST) <= self.version <= Version.parse(NEWEST):
            raise UnknownVersionError(f"{version} is not between {OLDEST} and {NEWEST}")
        self._has = frozenset(
            name
            for name, feature in FEATURES.items()
            if Version.parse(feature.since) <= self.version
            and (feature.until is None or self.version < Version.parse(feature.until))
        )

    def has(self, feature: str) -> bool:
        """Tell whether this version has the named feature.

        Raises:
            KeyError: No feature of that name is in the table.
        """
        if feature in self._has:
            return True
        FEATURES[feature]
        return False
