"""What comes back about mail: what it says, whose fault it is, and what it does.

`reading` makes `publisher.feedback.Feedback` of a raw mail, providers' readers make it of webhooks (`hooks`);
`receiving` takes every address out of it, and `arriving` stores it. `processing` is the loop that acts:
`identifying` says whose mail it is about, `classify` whose trouble a refusal is, `policy` what it does for its
reader, `judging` what many of them say of a mailing. Pure but `mailbox`, `lmtp`, and what has a store.
"""
