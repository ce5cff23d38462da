"""Facts about organisations and what they agreed."""

ORGANISATION_JOINED = "organisation.joined"
TAX_REGISTERED = "organisation.tax_registered"
SITE_ADDED = "site.added"
RELATION_OPENED = "relation.opened"
AGREEMENT_MADE = "agreement.made"
GROUP_CHANGED = "group.changed"
CLIENT_CHANGED = "client.changed"
