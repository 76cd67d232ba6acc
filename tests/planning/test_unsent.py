"""What applies that ended too early may have left out."""

from reconciler.kinds import registry
from reconciler.planning.options import PlanOptions
from reconciler.planning.unsent import Earlier, candidates
from tests.manifest.manifests import built
from tests.planning.states import NEW

BEGUN = """
domains: [{name: acme.example, initial: {allowed_senders: [a@b.example]}}]
alias_domains: [{name: short.example, target: acme.example, initial: {allowed_senders: [a@b.example]}}]
mailboxes: [{address: anna@acme.example, initial: {allowed_senders: [a@b.example]}}]
domain_admins: [{username: olga, domains: [acme.example], initial: {permissions: [syncjobs]}}]
relayhosts: [{host: smtp.example, initial: {state: "off"}}]
"""


def test_it_is_told_in_the_order_in_which_things_are_created_in_every_run() -> None:
    begun = built(BEGUN)
    found = candidates(registry(), begun, Earlier(), capabilities=NEW, options=PlanOptions(attempted=(begun,)))
    assert [each.kind for each in found] == [name for name in registry() if name in begun.resources]
