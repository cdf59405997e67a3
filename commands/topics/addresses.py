"""How a recorded number is called."""

from tracer.i18n import N_

from ..topic import Topic

ADDRESSES = Topic(
    "addresses",
    N_("Everything that was computed has an address: [rN][@STEP:]path[selectors]."),
    N_("list shows what is recorded around the cursor; Tab completes addresses, and selectors after the bracket."),
    examples=("print enc.0.self.weights[h0, 0]", "print @1:logits", "list dec.*.cross.weights"),
    lines={
        "decoder.0.cross_attn.weights": N_("a record by its whole name"),
        "dec.0.cross.weights": N_("the same: each part may be shortened while it is clear what is meant"),
        "weights": N_("the last part alone: in the module of the cursor, or in those around it"),
        "@1:logits": N_("in the pass that yields token 1; @0 is the encoder's pass; without @, the cursor's"),
        "@0#3": N_("the third record of a pass"),
        "enc.0.self.weights[h0]": N_("head 0; indices start at 0, and later axes may be left out"),
        'enc.0.self.weights[h0, "爱"]': N_('a row by its token, in quotes; "the"#2 is the second "the"'),
        "enc.0.self.q[:, -1]": N_("all heads, and the last position"),
        "dec.*.cross.weights": N_("several: * stands for any one part, ** for any number"),
        "enc.0.self.q.weight": N_("a parameter"),
        "r0@1:probs": N_("in another run; r0 is the first of this session"),
    },
    synonyms=("address", "selectors", "@", "["),
)
