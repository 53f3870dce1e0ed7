"""Forms of the verbs that news is told with: that "sold" is the past of "sell".

A list and rules for spelling, no guess: of a word that is not listed nothing is said. Words that
are nouns far more often than verbs, such as "share", are left out.
"""

from __future__ import annotations

_IRREGULAR = """
beat beat beaten|become became become|begin began begun|bite bit bitten
|blow blew blown|break broke broken|bring brought brought|broadcast broadcast broadcast
|build built built|buy bought bought|catch caught caught|choose chose chosen|come came come
|cut cut cut|deal dealt dealt|draw drew drawn|drive drove driven|eat ate eaten|fall fell fallen
|fight fought fought|find found found|flee fled fled|fly flew flown|forbid forbade forbidden
|forget forgot forgotten|freeze froze frozen|get got got|give gave given|go went gone
|grow grew grown|have had had|hear heard heard|hide hid hidden|hit hit hit|hold held held
|keep kept kept|know knew known|lay laid laid|lead led led|leave left left|lend lent lent
|let let let|lose lost lost|make made made|meet met met|overcome overcame overcome
|oversee oversaw overseen|overtake overtook overtaken|overthrow overthrew overthrown|pay paid paid
|put put put|quit quit quit|read read read|rebuild rebuilt rebuilt|repay repaid repaid
|ride rode ridden|rise rose risen|run ran run|say said said|see saw seen|seek sought sought
|sell sold sold|send sent sent|set set set|shoot shot shot|show showed shown|shrink shrank shrunk
|shut shut shut|sing sang sung|sink sank sunk|sit sat sat|sleep slept slept|speak spoke spoken
|spend spent spent|split split split|spread spread spread|stand stood stood|steal stole stolen
|stick stuck stuck|strike struck struck|swear swore sworn|sweep swept swept|swim swam swum
|take took taken|teach taught taught|tell told told|think thought thought|throw threw thrown
|undergo underwent undergone|undertake undertook undertaken|understand understood understood
|uphold upheld upheld|wake woke woken|wear wore worn|win won won|withdraw withdrew withdrawn
|withhold withheld withheld|write wrote written
"""
_REGULAR = """
abandon abolish absorb accept accuse achieve acquire add adopt advance advise affect agree aim
allege allow alter announce answer apologise apologize appeal appear apply appoint approve argue
arrest arrive ask assassinate assemble assist attack attempt attend attract avoid award back ban
banish block bomb boost borrow boycott call cancel capture carry cause cease celebrate challenge
change charge chase cite claim clear climb close collapse collect command commission commit
compete complain complete conclude condemn conduct confirm conquer consider consult contain
continue contribute control convert convince cooperate create criticise criticize cross crush
damage decide declare decline defeat defend delay delete deliver demand demolish demote deny
depart deploy deport describe design destroy detain determine develop die disappear discover
dismiss dissolve divest divide divorce donate double drop earn elect eliminate embrace emerge
employ enact encourage end enforce enter escape establish evacuate evict examine exclude execute
exile exit expand expect expel explain explode expose extend fail file finance finish fire fix
follow force found fund gain gather grant hack halt happen hire honour identify ignore impeach
impose improve include increase indict influence inform inherit inject injure insist inspect
inspire install intend introduce invade invent invest investigate invite invoke issue jail join
kidnap kill knock lack launch lease legalise legalize liberate license lift limit link list listen
live lobby lock look lower maintain manage march marry merge migrate move murder name negotiate
nominate obtain occupy occur offer open operate oppose order organise organize oust outlaw
overrule overturn own pardon participate pass pause perform permit pioneer place plan plead pledge
praise predict prefer prepare present preserve prevent privatise privatize produce prohibit
promise promote propose prosecute protect protest prove provide publish pull punish purchase
pursue push raise reach react recall receive recognise recognize recommend record recover recruit
reduce refer refuse regain register regret reject release relocate rely remain remove rename renew
renounce rent reopen repair repeal replace reply report represent request require rescue resign
resist resolve respond restart restore restructure resume retain retire retreat return reveal
reverse revive revoke reward rule sabotage sack sanction save scrap seize separate serve settle
shelve shift sign slash smuggle solve sponsor stab start state stop storm strengthen struggle
study submit succeed sue suffer suggest support surpass surrender survive suspect suspend switch
target terminate test testify thank threaten topple train transfer transform translate travel
treat triple try turn unveil urge use vacate veto violate visit vote vow wait walk want warn
weaken welcome work worry yield
"""
_DOUBLED = frozenset(
    "ban cancel commit control drop expel kidnap occur permit plan prefer refer regret scrap stab"
    " stop submit transfer".split()
)
_DOUBLED_IRREGULAR = frozenset(
    "begin cut forbid forget get hit let put quit run set shut sit split swim win".split()
)
_IRREGULAR_FORMS = [verb.split() for verb in _IRREGULAR.replace("\n", "").split("|")]


def _regular_past(verb: str) -> str:
    if verb.endswith("e"):
        return f"{verb}d"
    if verb.endswith("y") and verb[-2] not in "aeou":
        return f"{verb[:-1]}ied"
    return f"{verb}{verb[-1]}ed" if verb in _DOUBLED else f"{verb}ed"


PAST = {base: past for base, past, _ in _IRREGULAR_FORMS} | {
    verb: _regular_past(verb) for verb in _REGULAR.split()
}
"""The past tense of each verb, by the form that follows "did"."""

BASE = {past: base for base, past in PAST.items()}
"""The verb of each form of the past tense."""

PARTICIPLE = {form: base for base, _, form in _IRREGULAR_FORMS} | {
    _regular_past(verb): verb for verb in _REGULAR.split()
}
"""The verb of each past participle, which follows "was" and "has"."""


def third_person(verb: str) -> str:
    """The form that follows "it": "owns", "carries", "has"."""
    if verb == "have":
        return "has"
    if verb.endswith("y") and verb[-2] not in "aeou":
        return f"{verb[:-1]}ies"
    return f"{verb}es" if verb.endswith(("s", "sh", "ch", "x", "z", "o")) else f"{verb}s"


def present_participle(verb: str) -> str:
    """The form that follows "is": "selling", "cutting"."""
    if verb.endswith("ie"):
        return f"{verb[:-2]}ying"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return f"{verb[:-1]}ing"
    return f"{verb}{verb[-1]}ing" if verb in _DOUBLED | _DOUBLED_IRREGULAR else f"{verb}ing"


PRESENT_PARTICIPLE = {present_participle(verb): verb for verb in PAST}
"""The verb of each present participle."""
