"""Telling the sentences that speak to a language model instead of a reader.

"Ignore your instructions", "reply with": such a sentence of an article is no news and is never
evidence, so the model does not read it, and a draft that obeyed it all the same has no passage to
stand on. The patterns know what is known of such attacks (Greshake et al., "Not what you've signed
up for", 2023; OWASP's LLM01) and not every wording; what they miss is still bound by the check of
every sentence, and is at most cited as what that article says.
"""

from __future__ import annotations

import re
import unicodedata

from rag.reading.untrusted import visible

# Letters of other scripts that look like Latin ones.
_LOOKALIKE = str.maketrans(
    "авекмнорстухіјѕԁԛԝɡοανιρτυκε",
    "abekmhopctyxijsdqwgoaviptuke",
)
_LEET = str.maketrans("013457@$!", "oieastasi")
_TEMPLATE = re.compile(r"[<>|]")
_SPELLED = re.compile(r"\b(?:[a-z][ .*_-]){3,}[a-z]\b")


def addresses_a_model(text: str) -> bool:
    """Whether a sentence gives orders to a language model that reads it."""
    plain = _folded(text)
    if any(form.search(plain) for form in _ORDERS):
        return True
    # Letters that are spelled out ("i g n o r e") lose the spaces between words, too.
    squeezed = re.sub(r"[^a-z]", "", plain) if _SPELLED.search(plain) else ""
    return bool(_SQUEEZED.search(squeezed))


def _folded(text: str) -> str:
    """Small Latin letters for whatever looks like them."""
    text = unicodedata.normalize("NFKD", visible(text))
    text = "".join(c for c in text if not unicodedata.combining(c)).lower().replace("’", "'")
    text = text.translate(_LOOKALIKE)
    text = re.sub(r"(?<=[a-z])[013457@$!](?=[a-z0-9@$!])|\b[1!](?=[a-z]{2})", _letter, text)
    return " ".join(_TEMPLATE.sub(" ", text).split())


def _letter(match: re.Match[str]) -> str:
    return match[0].translate(_LEET)


# Where an order may begin: a sentence, a clause, a heading.
_BEGIN = (
    r"(?:^|[.!?:;,\"“”'*#>({\[\]–—-])[\s\"“'*#>({\[–—-]{0,6}"
    r"(?:(?:please|now|instead|then|first|and|but|so|also|important|urgent|attention|warning|note"
    r"|you (?:must|should|shall|will|need to|have to|are to|can)(?: now)?)\b[\s:,!-]*){0,3}"
)
_RULES = (
    r"(?:instructions?|prompts?|rules?|guidelines?|directions?|directives?|commands?|constraints?"
    r"|training|context|passages?|questions?|messages?|orders|sources|articles|guardrails"
    r"|safeguards|polic(?:y|ies)|programming|restrictions)"
)
_AI = (
    r"(?:ai|a\.i\.|llms?|gpt|chatgpt|claude|gemini|llama|qwen|byline|(?:large )?language models?"
    r"|ai (?:models?|assistants?|systems?|agents?|readers?|tools?)|chatbots?)"
)
_MODEL = rf"(?:{_AI}|assistants?|bots?|models?)"
_SAY = r"(?:reply|respond|answer|output|print|repeat|say|write)"
_ORDERS = tuple(
    re.compile(form)
    for form in (
        rf"{_BEGIN}(?:ignore|disregard|forget|override|overrule|bypass|discard|drop|do not follow"
        rf"|don't follow|stop following|never follow|neglect|delete|erase)\b"
        rf"(?:[\s,]+[\w'-]+){{0,6}}?\s+{_RULES}\b",
        r"\b(?:ignore|disregard|forget|override)\s+(?:\w+\s+){0,2}(?:previous|prior|above|preceding"
        r"|earlier|foregoing|system|your)\s+(?:\w+\s+){0,2}(?:instructions?|prompts?|rules"
        r"|guidelines|directives|programming|training)\b"
        r"(?!.*\b(?:said|told|asked|wrote|warned)\b)",
        rf"{_BEGIN}(?:ignore|disregard|forget) (?:everything|all|anything)\b.*\b(?:above|before"
        r"|told|said|else|other|read|previous|prior)\b",
        r"\brepeat after me\b",
        r"\byour (?:new |only |real |actual )*task is\b",
        r"^\W*instructions?\s*:",
        r"\[/?inst\]",
        rf"^\W*for (?:the |any |all |every )?{_AI}\b.{{0,20}}[:,]",
        rf"{_BEGIN}{_SAY}\b(?:\s+[\w'-]+){{0,4}}?\s*(?:\b(?:only|exactly|verbatim|instead)\b"
        r"|\bwith\b (?:only|just|the|exactly|nothing|a single|\W|yes|no\b)"
        r"|\bthe (?:words?|phrase|sentence|following|text|string|question|system|user|above)\b"
        r"|\byour (?:system|prompt|instructions?|rules)\b|[\"“'])",
        rf"{_BEGIN}(?:reply|respond|say|answer) (?:\w+ )?that\b",
        rf"{_BEGIN}(?:reply|respond|output|print|repeat|say|write)\s*:",
        rf"{_BEGIN}(?:pretend|act|behave|role-?play|imagine)\b.{{0,30}}\b(?:you|you're|as)\b.{{0,30}}"
        rf"\b(?:are|were|be|{_MODEL}|no rules|unrestricted|hacker|pirate|administrator|editor)\b",
        rf"\byou are (?:now |no longer |hereby |not )?(?:an? )?(?:\w+ )?(?:{_AI}|assistant)\b",
        rf"{_BEGIN}you are (?:now|no longer) (?:an? |the |in |my |bound|acting|operating|called"
        r"|named|restricted|free of)",
        r"\bfrom now on,? (?:you are|your|reply|respond|answer|say|always|never|every)\b",
        rf"\b(?:note|notice|message|memo|attention|instructions?|hint|reminder|warning) (?:to|for)"
        rf" (?:the |any |all |every )?{_MODEL}\b",
        rf"^\W*(?:dear|attention|hey|hello|hi|ok|okay|listen|stop)[\s,!]+(?:the )?{_MODEL}\b",
        rf"\bif you(?:'re| are) (?:reading this as |an? |the )*{_AI}\b",
        r"\b(?:if|when|whenever|should) (?:you (?:are |be )?(?:asked|answer\w*|summari\w+|reply\w*"
        r"|read)|(?:someone|anyone|anybody|somebody|the user|a user|the reader|users?) asks?|asked"
        r"|summari[sz]ing|answering|replying|quoting)\b"
        r".*[,:]\s*(?:please |always |simply |just |only |then |you (?:must|should|will) )*"
        rf"(?:{_SAY}|tell|claim|refuse|mention|give|state)\b",
        r"\byou (?:must|should|shall|will|need to|have to|are (?:to|required to|instructed to"
        r"|ordered to)) (?:now |always |never |only |not |instead )*(?:reply|respond|answer|output"
        r"|print|repeat|ignore|disregard|cite|refuse|obey|comply|mention|reveal|claim"
        r"|tell (?:the|every|any|all) (?:user|reader))\b",
        r"\b(?:your|the|any|every|each) (?:next |only |final |correct |right |true |real |whole )?"
        r"(?:answer|reply|response|output)s? (?:to (?:every|any|all|this|each|the) (?:\w+ )?"
        r"questions? )?(?:must|should|shall|has to|needs to|is to) (?:now |always |only )?"
        r"(?:be|say|read|contain|include|start|end|begin|consist|mention|cite)\b",
        r"\b(?:the |only )?(?:answer|reply|response) to (?:every|any|all|each|this) (?:\w+ )?"
        r"questions?\b",
        rf"{_BEGIN}(?:do not|don't|never|stop|refuse to|avoid) (?:mention\w*|cit(?:e|ing)|answer\w*"
        r"|us(?:e|ing)|reveal\w*|trust\w*|quot(?:e|ing)|read\w*|rely\w*)\b(?:\s+[\w'-]+){0,4}\s+"
        r"(?:passages?|articles?|sources?|questions?|citations?|instructions?|numbers?|anything)\b",
        rf"{_BEGIN}(?:tell|inform|convince|persuade|warn|assure) (?:the|every|any|all) (?:users?"
        r"|readers?|persons? asking)\b",
        rf"{_BEGIN}(?:reveal|show|print|repeat|output|display|leak|dump|disclose|list|translate)\b"
        r".{0,20}\b(?:system prompt|system message|your (?:instructions?|prompts?|rules"
        r"|guidelines)|hidden prompt|the (?:text|words) above|initial prompt)\b",
        r"\b(?:system|developer|admin(?:istrator)?|root|security|priority)[ -](?:prompt|message"
        r"|override|instructions?|note|update|notice|command|alert)\s*[:=#>]",
        r"^\W*(?:system|assistant|user|human|developer|ai|im_start|sys|inst)\b\s*(?:system|user"
        r"|assistant)?\s*[:>]",
        r"\b(?:im_start|im_end|start_of_turn|start_header_id)\W*(?:system|user|assistant|model)\b",
        r"\b(?:begin|end|start)(?:ning)? of (?:the )?(?:new |old |all )?(?:system|prompt|passages?"
        r"|instructions?|context|documents?|data|articles?|evidence|user input)\b",
        r"\bnew (?:system )?(?:instructions?|rules?|task|directive|prompt)\s*(?::|for (?:you|the"
        r" assistant|the model))",
        r"^\W*(?:question again|earlier (?:question|answer)|(?:final|correct|expected|model) answer"
        r"|passages?|tool_call|tool result)\s*:",
        r"\b(?:developer mode|jailbreak(?:ed)? mode|dan mode|do anything now|god mode)\b",
        # The same in other languages, without their accents.
        r"\b(?:ignore[zr]|oublie[zr]?)\b.{0,40}\b(?:instructions|consignes|regles)\b",
        r"\b(?:ignoriere?n?|vergiss|vergessen sie|missachte)\b.{0,40}"
        r"\b(?:anweisung|instruktion|regel|vorgabe)",
        r"\b(?:ignora|ignore|olvida|olvide|dimentica)\w*\b.{0,40}\b(?:instruccion|instruc[ao]|regla"
        r"|istruzion|instrucoe)",
        r"\b(?:negeer|vergeet)\b.{0,40}\b(?:instructies|opdrachten|regels)\b",
        r"(?:忽略|无视|無視|忘记).{0,12}(?:指令|指示|说明|規則|规则)",
        r"(?:指示|命令).{0,8}(?:無視|忘れ)",
    )
)
_SQUEEZED = re.compile(
    r"(?:ignore|disregard|forget|override)(?:all|any|the|your|previous|prior|above|earlier|of"
    r"|every|these|those|preceding)*(?:instructions?|prompts?|rules)"
)
