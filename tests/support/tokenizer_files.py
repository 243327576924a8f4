"""tokenizer_files.py FOLDER: makes a folder of tokenizer files for each row of ROWS, and prints lines `NAME<TAB>OPTIONS<TAB>
TEXT<TAB>WANTED`: the tokens that the text has, or `!` and a piece of the message that refuses the folder. Tokens are those
of Hugging Face's tokenizers 0.23.2 on the same file, and of transformers' rules where there is none."""
import json
import sys
from pathlib import Path

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c", "enak", "tidak", "suka", "##nya", ",", "!", "<", ">",
         "user", "url", "Enak", "ENAK", "é", "e", "中", "\u00ad", "a\u00adb", "ab", "enak,"]
N = len(WORDS)
JSON, CONFIG, MAP, ADDED, VOCAB = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
                                   "added_tokens.json", "vocab.txt")
LOWER, SPLIT = {"type": "Lowercase"}, {"type": "WhitespaceSplit"}


def token(i, text, special=False, **flags):
    return dict({"id": i, "content": text, "single_word": False, "lstrip": False, "rstrip": False,
                 "normalized": not special, "special": special}, **flags)


def listed(text, **flags):
    out = token(0, text, **flags)
    del out["id"]
    return out


def bert(**flags):
    return dict({"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None,
                 "lowercase": True}, **flags)


def template(first="[CLS]", last="[SEP]", ids=None):
    piece = lambda s: {"SpecialToken": {"id": s, "type_id": 0}}
    one = [piece(first), {"Sequence": {"id": "A", "type_id": 0}}, piece(last)]
    ends = {s: {"id": s, "ids": ids or [WORDS.index(s)], "tokens": [s]} for s in (first, last)}
    return {"type": "TemplateProcessing", "single": one, "pair": one, "special_tokens": ends}


def fast(*added, model=None, words=WORDS, without=None, **parts):
    """A tokenizer.json; `model` and `parts` replace what it has."""
    file = {"version": "1.0", "truncation": None, "padding": None,
            "added_tokens": [token(WORDS.index(s), s, True) for s in WORDS[:5]] + list(added),
            "normalizer": bert(), "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": template(),
            "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
            "model": dict({"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                           "max_input_chars_per_word": 100, "vocab": {w: i for i, w in enumerate(words)}}, **(model or {}))}
    file.update(parts)
    if without:
        del file[without]
    return {JSON: file}


def slow(**files):
    """vocab.txt and further files by the names of their variables."""
    names = {"config": CONFIG, "map": MAP, "added": ADDED, "words": VOCAB}
    return dict({VOCAB: WORDS}, **{names[k]: v for k, v in files.items()})


def both(fast_file, **files):
    return dict(slow(**files), **fast_file)


def config_of(fast_file, **config):
    return dict(fast_file, **{CONFIG: config})


SHORT, LEFT = "--max-length 4", "a b c enak"
USER = ("<user> tidak suka", "<user> tidak suka")
# name: files, text, tokens without [CLS] and [SEP] or "!message", options
ROWS = {
    "vocabulary alone": (slow(), "Enaknya, <user>", "enak ##nya , < user >"),
    "added_tokens.json": (slow(added={"<user>": N}), *USER),
    "added_tokens of tokenizer.json": (fast(token(N, "<user>")), *USER),
    "added_tokens_decoder": (slow(config={"added_tokens_decoder": {str(N): listed("<user>")}}), *USER),
    "added to both, and to vocab.txt": (both(fast(token(N, "<user>")), words=WORDS + ["<user>"], added={"<user>": N}), *USER),
    "special_tokens_map.json and an id elsewhere": (slow(map={"additional_special_tokens": ["<user>"]}, added={"<user>": N}), *USER),
    "special by its name, in the vocabulary": (slow(map={"additional_special_tokens": ["url"]}), "aurlb", "a url b"),
    "special tokens as objects": (slow(config={"extra_special_tokens": {"u": {"content": "url", "single_word": True}}}), "urlb url", "[UNK] url"),
    "inside of a word": (fast(token(8, "enak")), "tidakenaknya", "tidak enak [UNK]"),
    "single_word inside of a word": (fast(token(8, "enak", single_word=True)), "tidakenak enak !enak", "[UNK] enak ! enak"),
    "the longest counts": (fast(token(N, "<us"), token(N + 1, "<user>")), "<user <user>", "<us [UNK] <user>"),
    "normalized: in lower case": (fast(token(N, "<User>")), "<uSER> b", "<User> b"),
    "not normalized: as it stands": (fast(token(N, "<User>", normalized=False)), "<user><User>", "< user > <User>"),
    "special: as it stands": (slow(config={"additional_special_tokens": ["<User>"]}, added={"<User>": N}), "<user> <User>", "< user > <User>"),
    "normalized over marks": (fast(token(N, "<é>")), "<e\u0301> <e>", "<é> <é>"),
    "mask in the text": (slow(), "a[MASK]b [mask]", "a [MASK] b [UNK] [UNK] [UNK]"),
    "lstrip and rstrip": (fast(token(N, "<url>", lstrip=True, rstrip=True)), "a <url>  b", "a <url> b"),
    "no id": (slow(map={"additional_special_tokens": ["<user>"]}), "a", "!the added token '<user>' has no id"),
    "two ids": (both(fast(token(N, "<user>")), added={"<user>": N + 1}), "a", "!'<user>' has id 27 here, 28 elsewhere"),
    "one id for two": (slow(added={"<user>": N, "<url>": N}), "a", "!have one id, 27"),
    "another id than in the vocabulary": (slow(added={"enak": 9}), "a", "!'enak' has id 9, the vocabulary says 8"),
    "the id of a word": (slow(added={"<user>": 8}), "a", "!has id 8, which is 'enak' in the vocabulary"),
    "two sets of flags": (config_of(fast(token(N, "<user>")), added_tokens_decoder={str(N): listed("<user>", single_word=True)}), "a", "!has other flags elsewhere"),
    "white space at an end": (slow(added={"<user> ": N}), "a", "!white space at its ends"),
    "an id without end": (slow(added={"<user>": 2000000000}), "a", "!ids of added tokens are below"),
    "an id that is none": (slow(added={"<user>": -1}), "a", "!the id of a token is expected"),
    "a key that is no id": (slow(config={"added_tokens_decoder": {"x": listed("<user>")}}), "a", "!the key is no id"),
    "normalizer null": (fast(normalizer=None), "Enak ENAK enak a\u00adb", "Enak ENAK enak a\u00adb"),
    "normalizer missing": (fast(without="normalizer"), "Enak enak", "Enak enak"),
    "normalizer Lowercase": (fast(normalizer=LOWER), "Enak É \u00ad", "enak é \u00ad"),
    "no cleaning": (fast(normalizer=bert(clean_text=False)), "a\u00adb \u00ad", "a\u00adb \u00ad"),
    "cleaning": (fast(), "a\u00adb \u00ad", "ab"),
    "accents stay": (fast(normalizer=bert(strip_accents=False)), "É", "é"),
    "accents go": (fast(normalizer=bert(lowercase=False, strip_accents=True)), "é Enak", "e Enak"),
    "ideographs in words": (fast(normalizer=bert(handle_chinese_chars=False)), "a中 中", "[UNK] 中"),
    "tokenizer_config.json sets BertNormalizer": (config_of(fast(), do_lower_case=False), "Enak enak", "Enak enak"),
    "but not for a class that names the file": (config_of(fast(), do_lower_case=False, tokenizer_class="TokenizersBackend"), "Enak", "enak"),
    "a normalizer that contradicts": (config_of(fast(normalizer=None), do_lower_case=True), "a", "!tokenizer_config.json says do_lower_case true"),
    "normalizer NFC": (fast(normalizer={"type": "NFC"}), "a", "!normalizer 'NFC' is not supported, only BertNormalizer, Lowercase and null"),
    "normalizer Sequence": (fast(normalizer={"type": "Sequence", "normalizers": [LOWER]}), "a", "!normalizer 'Sequence' is not supported"),
    "a new key of the normalizer": (fast(normalizer=bert(strip_emoji=True)), "a", "!/normalizer/strip_emoji: this part is not supported"),
    "WhitespaceSplit": (fast(pre_tokenizer=SPLIT), "enak, suka!", "enak, [UNK]"),
    "pre_tokenizer null": (fast(pre_tokenizer=None), "a", "!pre_tokenizer null is not supported, only BertPreTokenizer and WhitespaceSplit"),
    "pre_tokenizer Whitespace": (fast(pre_tokenizer={"type": "Whitespace"}), "a", "!pre_tokenizer 'Whitespace' is not supported"),
    "BertProcessing": (fast(post_processor={"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}), "a", "a"),
    "BertProcessing with other ids": (fast(post_processor={"type": "BertProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 3]}), "a", "!only [CLS] (id 2), the text, [SEP] (id 3) are supported"),
    "another template": (fast(post_processor=template("[SEP]", "[CLS]")), "a", "!only [CLS] (id 2), the text"),
    "a template of other ids": (fast(post_processor=template(ids=[5])), "a", "!only [CLS] (id 2), the text"),
    "post_processor null": (fast(post_processor=None), "a", "!post_processor null is not supported"),
    "RobertaProcessing": (fast(post_processor={"type": "RobertaProcessing"}), "a", "!post_processor 'RobertaProcessing' is not supported"),
    "a model of another kind": (fast(model={"type": "BPE"}), "a", "!model 'BPE' is not supported, only WordPiece"),
    "a new key of the model": (fast(model={"dropout": 0.1}), "a", "!/model/dropout: this part is not supported"),
    "another prefix": (fast(model={"continuing_subword_prefix": "@@"}), "a", "!only \"##\" is supported"),
    "the longest word": (fast(model={"max_input_chars_per_word": 4}), "enak tidak", "enak [UNK]"),
    "another unknown token": (config_of(fast(), unk_token="a"), "a", "!/model/unk_token: is '[UNK]', unk_token is 'a' elsewhere"),
    "a new part": (fast(postscript=None), "a", "!/postscript: this part is not supported"),
    "truncation and padding": (fast(truncation={"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0}, padding={"strategy": {"Fixed": 128}}), "a b c", "a b c"),
    "cut from the right": (slow(), LEFT, "a b", SHORT),
    "cut from the left": (slow(config={"truncation_side": "left"}), LEFT, "c enak", SHORT),
    "cut from the left by tokenizer.json": (fast(truncation={"direction": "Left"}), LEFT, "c enak", SHORT),
    "tokenizer_config.json's side counts": (config_of(fast(truncation={"direction": "Left"}), truncation_side="right"), LEFT, "a b", SHORT),
    "a side that is none": (slow(config={"truncation_side": "middle"}), "a", "!\"left\" or \"right\" is expected"),
    "the same words twice": (both(fast()), "enak", "enak"),
    "two vocabularies": (both(fast(words=WORDS[:8] + ["lezat"] + WORDS[9:])), "a", "!token 8 is 'enak' here, 'lezat' in tokenizer.json"),
    "a shorter vocab.txt": (both(fast(), words=WORDS[:-1]), "a", "!token 26 is missing here, 'enak,' in tokenizer.json"),
    "a longer vocab.txt": (both(fast(), words=WORDS + ["x"]), "a", "!token 27 is 'x' here, missing in tokenizer.json"),
    "PreTrainedTokenizerFast": (config_of(fast(), tokenizer_class="PreTrainedTokenizerFast"), "enak", "enak"),
    "TokenizersBackend": (config_of(fast(), tokenizer_class="TokenizersBackend"), "enak", "enak"),
    "the same without its file": (slow(config={"tokenizer_class": "PreTrainedTokenizerFast"}), "a", "!tokenizer.json: is missing"),
    "ElectraTokenizerFast": (config_of(fast(), tokenizer_class="ElectraTokenizerFast"), "enak", "enak"),
    "DistilBertTokenizer": (slow(config={"tokenizer_class": "DistilBertTokenizer"}), "enak", "enak"),
    "another class": (slow(config={"tokenizer_class": "GPT2Tokenizer"}), "a", "!tokenizer 'GPT2Tokenizer' is not supported"),
    "a program of its own": (slow(config={"auto_map": {"AutoTokenizer": ["my.Tokenizer", None]}}), "a", "!a tokenizer by a program of its own"),
    "words that are never split": (slow(config={"never_split": ["a,b"]}), "a", "!words that are never split are not supported"),
    "no basic tokenizer": (slow(config={"do_basic_tokenize": False}), "a", "!/do_basic_tokenize: only true is supported"),
    "special tokens that are split": (slow(config={"split_special_tokens": True}), "a", "!/split_special_tokens: only false is supported"),
    "two unknown tokens": (slow(config={"unk_token": "[UNK]"}, map={"unk_token": "a"}), "a", "!is 'a' here, '[UNK]' in tokenizer_config.json"),
    "a map that is none": (slow(map=[1]), "a", "!an object of special tokens is expected"),
}


def write(folder, files):
    folder.mkdir(parents=True)
    for name, content in files.items():
        text = "\n".join(content) + "\n" if name == VOCAB else json.dumps(content)
        (folder / name).write_text(text, encoding="utf8")


def main():
    for name, row in ROWS.items():
        files, text, wanted, options = (row + ("",))[:4]
        write(Path(sys.argv[1]) / name, files)
        print(name, options or "-", text, wanted, sep="\t")


main()
