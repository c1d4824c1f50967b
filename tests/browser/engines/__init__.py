"""The three browser engines behind one small interface: a browser that has pages, can be killed and started again.

`page` is the interface, one module an engine its adapter, `gaps` what an engine cannot do and why.
"""
