"""The use cases around a digest: taken in, published, put at endpoints, held, released, mailed again.

Decisions are made in pure modules (`digests.intake`, `due`, `mailings.resending`); here they are carried out, one
short transaction each. Adapters come in through the Protocols of `ports`.
"""
