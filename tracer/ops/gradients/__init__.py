"""What gradients are made of on their way back: beside each file of operations, those of its gradients."""
