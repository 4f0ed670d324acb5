"""Addresses without what only tells their owner where a reader came from."""

import re

# Parameters that Firefox strips (its list privacy.query_stripping.strip_list), those that Google documents
# for Analytics (utm_…) and Ads (gclid and kin), and what press feeds append for themselves. A name that may
# also choose the content ("ref", "source", "cmp") is not among them.
_NAMES = """
    __hsfp __hssc __hstc __s _hsenc _openstat at_campaign at_medium at_ptr_name dclid fbclid gbraid gclid
    gclsrc guccounter guce_referrer guce_referrer_sig hsctatracking igsh igshid mc_cid mc_eid mibextid mkt_tok
    msclkid ns_campaign ns_mchannel ns_source oly_anon_id oly_enc_id s_cid ttclid twclid vero_conv vero_id
    wbraid wickedid yclid
"""
_TRACKING = re.compile(rf"(?:utm_[^=]*|{'|'.join(_NAMES.split())})(?:=.*)?", re.IGNORECASE | re.DOTALL)


def untracked(address: str) -> str:
    """The address without tracking parameters; every other byte of it stays as it is.

    Orders and writings of parameters are not normalised: an address must go on working.
    """
    before, mark, rest = address.partition("?")
    query, hash_, fragment = rest.partition("#")
    if not mark or "#" in before:
        return address
    given = query.split("&")
    kept = [part for part in given if not _TRACKING.fullmatch(part)]
    if len(kept) == len(given):
        return address
    return f"{before}{'?' if kept else ''}{'&'.join(kept)}{hash_}{fragment}"
